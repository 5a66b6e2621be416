// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import Testing

/// Fri, 15 Jan 2027 08:00:00 GMT: the moment at which responses arrive in these tests.
let arrival = Timestamp(seconds: 1_800_000_000)

/// A date so many seconds after the arrival, as fields write it.
func date(_ seconds: Int64 = 0) -> String {
    HTTPDate.string(arrival.adding(seconds: seconds))
}

/// Fields from lines such as `Cache-Control: no-store`. `{+60}` and `{-60}` in a value stand for dates.
func fields(_ lines: [String]) -> HTTPFields {
    var result = HTTPFields()
    for line in lines {
        guard let colon = line.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon])) else {
            Issue.record("no field line: \(line)")
            continue
        }
        var value = String(line[line.index(after: colon)...].drop { $0 == " " })
        while let open = value.firstIndex(of: "{"), let close = value.firstIndex(of: "}"), open < close,
            let offset = Int64(value[value.index(after: open)..<close].drop { $0 == "+" })
        {
            value.replaceSubrange(open...close, with: date(offset))
        }
        result.append(HTTPField(name: name, value: value))
    }
    return result
}

func request(_ lines: [String] = [], method: String = "GET", path: String? = nil) -> CacheRequest {
    CacheRequest(method: CacheRequest.Method(method), fields: fields(lines), path: path)
}

/// The store decision for a response that arrives at ``arrival`` without delay. A `Date` of that moment is added if there is none.
func storing(
    _ lines: [String],
    status: Int = 200,
    request requestLines: [String] = [],
    method: String = "GET",
    path: String? = nil,
    policy: CachingPolicy = CachingPolicy(),
    jitter: Double = 0,
    delayMilliseconds: Int64 = 0,
    addsDate: Bool = true
) -> StoreDecision {
    var all = fields(lines)
    if addsDate, !all.contains(.date) { all.append(HTTPField(name: .date, value: date())) }
    return StoreDecision.decide(
        request: request(requestLines, method: method, path: path),
        status: status,
        fields: all,
        requestTime: arrival.adding(milliseconds: -delayMilliseconds),
        responseTime: arrival,
        policy: policy,
        jitter: jitter
    )
}

struct NotStored: Error {
    let reason: NoStoreReason
}

/// A complete stored response of 1000 bytes, or of what `Content-Length` or `Content-Range` say.
func stored(
    _ lines: [String],
    status: Int = 200,
    request requestLines: [String] = [],
    policy: CachingPolicy = CachingPolicy()
) throws -> StoredHead {
    switch storing(lines, status: status, request: requestLines, policy: policy) {
    case .refuse(let reason): throw NotStored(reason: reason)
    case .store(var head):
        let count = head.bodyByteCount ?? head.partial?.range?.count ?? 1000
        let isComplete = head.complete(bodyByteCount: count)
        #expect(isComplete)
        return head
    }
}

/// A decision in one line.
func describe(_ decision: StoreDecision) -> String {
    switch decision {
    case .store: "store"
    case .refuse(let reason): reason.rawValue
    }
}

/// A decision in one line.
func describe(_ decision: ReuseDecision) -> String {
    switch decision {
    case .fresh(let served): "fresh \(served.ageSeconds) \(served.ttlSeconds)"
    case .staleServable(let reason, let served, _): "stale \(reason.rawValue) \(served.ageSeconds)"
    case .validate(let reason, let conditions): "validate \(reason.rawValue)" + (conditions.isEmpty ? " anew" : "")
    case .miss(let reason): "miss \(reason.rawValue)"
    case .gatewayTimeout(let reason): "504 \(reason)"
    }
}

func lines(_ fields: HTTPFields) -> [String] {
    fields.map { "\($0.name.rawName): \($0.value)" }
}

/// A small generator with a seed, so that a failure can be run again (xorshift64*).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// One row of a table: the section it comes from and what is fed in, so that a failure names both.
protocol TableRow: Sendable, CustomTestStringConvertible {
    var section: String { get }
    var title: String { get }
}

extension TableRow {
    var testDescription: String { "\(section): \(title)" }
}
