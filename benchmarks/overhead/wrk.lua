-- wrk's side of the bench: POSTs the body named by QUORATE_BENCH_BODY, prints one JSON object.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer none"
local file = assert(io.open(os.getenv("QUORATE_BENCH_BODY"), "rb"))
wrk.body = file:read("*a")
file:close()

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests_per_s": %.3f, "p50_ms": %.4f, "p99_ms": %.4f, "failed": %d}\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
