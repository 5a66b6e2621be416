-- SPDX-License-Identifier: Apache-2.0
-- Copyright the Gyre project authors
-- Asks for prefix..0 to prefix..count-1 in random order and prints one line of numbers at the end of a wrk run.
local prefix, count = os.getenv("BENCH_PREFIX"), tonumber(os.getenv("BENCH_COUNT"))
local requests = {}

function init()
  math.randomseed(42)
  -- Built once: a request is then a table lookup, and the load generator stays out of the way.
  for i = 1, count do requests[i] = wrk.format("GET", prefix .. (i - 1)) end
end

function request() return requests[math.random(count)] end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
