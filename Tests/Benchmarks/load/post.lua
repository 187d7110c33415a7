-- wrk's script: posts one JSON body and says the figures as one JSON line.
--   wrk ... -s post.lua URL -- BYTES     a body of about so many bytes, {"hello":"world"} if it is absent
function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  local bytes = tonumber(args[1])
  wrk.body = bytes and ('{"text":"' .. string.rep("x", bytes - 11) .. '"}') or '{"hello":"world"}'
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'FIGURES {"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
