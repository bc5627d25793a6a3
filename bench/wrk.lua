-- Ask for the lines of a file in turn, and report in JSON: a path is a GET, a path, a tab and a body
-- a POST of JSON. With a second argument every request carries a key of its own that begins so.
-- wrk ... -- lines.txt [key]
local requests = {}
local turn = 0
local count = 0
local key = nil
local PLACE = "00000000"

local function formatted(line)
  local path, body = line:match("^([^\t]*)\t(.*)$")
  if not path then
    return wrk.format("GET", line)
  end
  local headers = { ["Content-Type"] = "application/json" }
  if key then
    headers["Idempotency-Key"] = key .. "-" .. PLACE
  end
  return wrk.format("POST", path, headers, body)
end

function init(args)
  key = args[2]
  for line in io.lines(args[1]) do
    local text = formatted(line)
    if key then
      local first, last = text:find(key .. "-" .. PLACE, 1, true)
      requests[#requests + 1] = { text:sub(1, last - #PLACE), text:sub(last + 1) }
    else
      requests[#requests + 1] = text
    end
  end
end

function request()
  turn = turn % #requests + 1
  if not key then
    return requests[turn]
  end
  count = count + 1
  local parts = requests[turn]
  return parts[1] .. string.format("%08d", count) .. parts[2]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %.3f, "p99": %.3f, '
      .. '"refused": %d, "broken": %d, "late": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write, errors.timeout
  ))
end
