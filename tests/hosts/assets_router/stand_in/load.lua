-- Sixteen people who keep their connections, at most 800 requests a second; every fourth asks for what is never stored.
local asked = 0
function request()
  asked = asked + 1
  return wrk.format("GET", "/some-framework/documents/" .. (asked % 4 == 0 and "now-" or "") .. "small.csv")
end
function delay()
  return 20
end
