-- Sixteen people who keep their connections, at most 800 requests a second; every fourth goes past the cache to S3.
local asked = 0
function request()
  asked = asked + 1
  wrk.headers["Range"] = asked % 4 == 0 and "bytes=0-99" or nil
  return wrk.format("GET", "/some-framework/documents/small.csv")
end
function delay()
  return 20
end
