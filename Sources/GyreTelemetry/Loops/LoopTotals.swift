// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What all loops have counted since the process began.
public struct LoopTotals: Sendable, Hashable {
    /// Durations by result.
    public private(set) var durations: [RequestResult: LatencySummary] = [:]
    /// Bytes of bodies sent to clients.
    public private(set) var responseBytes = 0
    /// Requests sent to origins.
    public private(set) var originRequests = 0
    /// Bytes of bodies received from origins.
    public private(set) var originResponseBytes = 0
    /// Client connections accepted.
    public private(set) var connectionsOpened = 0
    /// Client connections that are gone.
    public private(set) var connectionsClosed = 0
    /// Tunnels that began.
    public private(set) var tunnelsOpened = 0
    /// Tunnels that are over.
    public private(set) var tunnelsClosed = 0
    /// Bytes that tunnels have passed to clients.
    public private(set) var tunnelBytesToClients = 0
    /// Bytes that tunnels have passed to origins.
    public private(set) var tunnelBytesToOrigins = 0
    /// Failed requests to origins, by reason; reasons that never occurred are not in it. The same for the three below.
    public private(set) var originErrors: [String: Int] = [:]
    /// Refused messages by reason.
    public private(set) var wireErrors: [String: Int] = [:]
    /// Responses not stored, by reason.
    public private(set) var notStored: [String: Int] = [:]
    /// Well-formed requests refused, by reason.
    public private(set) var refusals: [String: Int] = [:]

    /// Makes totals of nothing.
    public init() {}

    /// Requests with this result.
    public func requests(_ result: RequestResult) -> Int {
        durations[result]?.count ?? 0
    }

    /// All requests.
    public var requests: Int {
        durations.values.reduce(0) { $0 + $1.count }
    }

    /// Client connections that are open.
    public var openConnections: Int {
        max(0, connectionsOpened - connectionsClosed)
    }

    /// Tunnels that are open.
    public var openTunnels: Int {
        max(0, tunnelsOpened - tunnelsClosed)
    }

    mutating func add(_ loop: LoopCounters, _ layout: LoopCounterLayout) {
        func number(_ index: Int) -> Int { Int(clamping: loop.load(index)) }
        // What is closed is read before what was opened, so that the difference never falls below what it was.
        connectionsClosed += number(LoopCounterLayout.connectionsClosed)
        connectionsOpened += number(LoopCounterLayout.connectionsOpened)
        tunnelsClosed += number(LoopCounterLayout.tunnelsClosed)
        tunnelsOpened += number(LoopCounterLayout.tunnelsOpened)
        tunnelBytesToClients += number(LoopCounterLayout.tunnelBytesToClients)
        tunnelBytesToOrigins += number(LoopCounterLayout.tunnelBytesToOrigins)
        responseBytes += number(LoopCounterLayout.responseBytes)
        originRequests += number(LoopCounterLayout.originRequests)
        originResponseBytes += number(LoopCounterLayout.originResponseBytes)
        for result in RequestResult.allCases {
            let base = LoopCounterLayout.durations(result)
            for bucket in 0..<LatencyBuckets.count {
                let held = loop.load(base + bucket)
                if held > 0 { durations[result, default: LatencySummary()].addLoop(bucket: bucket, count: held) }
            }
            let sum = loop.load(base + LatencyBuckets.count)
            if sum > 0 { durations[result, default: LatencySummary()].addLoop(sumMicroseconds: sum) }
        }
        Self.add(loop, layout.originErrors, layout.reasons.originErrors, &originErrors)
        Self.add(loop, layout.wireErrors, layout.reasons.wireErrors, &wireErrors)
        Self.add(loop, layout.refusals, layout.reasons.refusals, &refusals)
        Self.add(loop, layout.notStored, layout.reasons.notStored, &notStored)
    }

    private static func add(_ loop: LoopCounters, _ base: Int, _ reasons: ReasonWords, _ totals: inout [String: Int]) {
        for (index, word) in reasons.words.enumerated() {
            let held = loop.load(base + index)
            if held > 0 { totals[word, default: 0] += Int(clamping: held) }
        }
    }
}
