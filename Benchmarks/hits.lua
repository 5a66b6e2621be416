-- SPDX-License-Identifier: Apache-2.0
-- Copyright the Gyre project authors
-- Asks for prefix..0 to prefix..count-1 in random order, or without a count for prefix..1, prefix..2 and so on, each once, and prints one line
-- of numbers at the end of a wrk run.
--   BENCH_BROWSER  with the fields that a browser sends
--   BENCH_FIRST    the number before the first of those that are each asked for once
--   BENCH_SKEW     the low numbers more often: a number is count times the power of a random one, and this is the exponent
--   BENCH_DELAY    milliseconds between two requests of a connection
local prefix, count = os.getenv("BENCH_PREFIX"), tonumber(os.getenv("BENCH_COUNT"))
local random = math.random
local requests, before, after, number = {}, nil, nil, tonumber(os.getenv("BENCH_FIRST") or 0)
local skew = tonumber(os.getenv("BENCH_SKEW"))
local pause = tonumber(os.getenv("BENCH_DELAY"))
-- So many requests are made before the run; more would not fit into memory.
local most = 100000

-- With Host fifteen fields and about 900 bytes. No Cookie: some caches would by default not answer from what they keep.
local browser = {
  ["Connection"] = "keep-alive",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7,fr;q=0.6",
  ["Referer"] = "http://127.0.0.1/articles/2026/how-a-page-is-kept?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-edition"
    .. "&session=8c1f6f0a53b24f0f9a7de6f3f0b8d2aa&from=front-page",
  ["Sec-Ch-Ua"] = '"Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"',
  ["Sec-Ch-Ua-Mobile"] = "?0",
  ["Sec-Ch-Ua-Platform"] = '"Linux"',
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Sec-Fetch-Site"] = "same-origin",
  ["Sec-Fetch-User"] = "?1",
  ["Upgrade-Insecure-Requests"] = "1",
}

function init()
  math.randomseed(42)
  if os.getenv("BENCH_BROWSER") then
    for name, value in pairs(browser) do wrk.headers[name] = value end
  end
  -- Built once: a request is then a table lookup, and the load generator stays out of the way.
  if count and count <= most and not skew then
    for i = 1, count do requests[i] = wrk.format("GET", prefix .. (i - 1)) end
  else
    local all = wrk.format("GET", "/@")
    local at = all:find("/@", 1, true)
    before, after = all:sub(1, at - 1) .. prefix, all:sub(at + 2)
  end
end

function request()
  if skew then return before .. math.floor(count * random() ^ skew) .. after end
  if count and count <= most then return requests[random(count)] end
  if count then return before .. (random(count) - 1) .. after end
  number = number + 1
  return before .. number .. after
end

if pause then
  function delay() return pause end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
