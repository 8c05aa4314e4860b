-- A path of its own for each request, so that no cache has it: wrk -s distinct.lua URL -- PREFIX
local number, prefix = 0, ""
function init(words)
  prefix = words[1]
end
function request()
  number = number + 1
  return wrk.format("GET", prefix .. number .. ".csv")
end
