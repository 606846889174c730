-- Closed loop: each connection sends the next of the prepared requests as soon as its answer is there. Every answer's
-- status is looked at. Arguments: the prepared requests, the status to expect, the first 24 characters of fresh ids.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local plan = dofile(args[1])
  expected = tonumber(args[2])
  local prefix = args[3]
  local at, sent = 0, 0
  unexpected, unexpected_status = 0, 0
  request = function()
    at = at % #plan + 1
    local parts = plan[at]
    if parts[2] == nil then return parts[1] end
    sent = sent + 1
    return parts[1] .. prefix .. string.format("%012x", sent) .. parts[2]
  end
end

function response(status)
  if status ~= expected then
    unexpected = unexpected + 1
    unexpected_status = status
  end
end

function done(summary, latency)
  local wrong, status = 0, 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("unexpected")
    status = math.max(status, thread:get("unexpected_status"))
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"unexpected":%d,"unexpectedStatus":%d,"broken":%d,"late":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, wrong, status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
