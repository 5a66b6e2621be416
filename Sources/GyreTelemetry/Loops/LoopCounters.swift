// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The counters of one event loop. One thread writes, any thread reads; a count costs a load and a store, and no lock.
///
/// What is counted here is on the path of every request, so it goes past swift-metrics; ``LoopCountersHub`` adds the loops up when somebody asks.
public final class LoopCounters: Sendable {
    private let bank: CounterBank
    private let layout: LoopCounterLayout

    init(layout: LoopCounterLayout) {
        self.layout = layout
        bank = CounterBank(count: layout.count)
    }

    /// Counts an answered request.
    ///
    /// - Parameters:
    ///   - result: Where the answer came from.
    ///   - durationMicroseconds: From the end of the request's head to the last byte of the answer.
    ///   - bodyBytes: Bytes of the body that were sent.
    public func countRequest(_ result: RequestResult, durationMicroseconds: Int, bodyBytes: Int) {
        let base = LoopCounterLayout.durations(result)
        bank.add(base + LatencyBuckets.index(microseconds: durationMicroseconds), 1)
        bank.add(base + LatencyBuckets.count, UInt64(clamping: durationMicroseconds))
        bank.add(LoopCounterLayout.responseBytes, UInt64(clamping: bodyBytes))
    }

    /// Counts a request sent to an origin.
    public func countOriginRequest() { bank.add(LoopCounterLayout.originRequests, 1) }

    /// Counts bytes of a body received from an origin.
    public func countOriginResponse(bytes: Int) { bank.add(LoopCounterLayout.originResponseBytes, UInt64(clamping: bytes)) }

    /// Counts a connection that a client opened.
    public func connectionOpened() { bank.add(LoopCounterLayout.connectionsOpened, 1) }

    /// Counts a client's connection that is gone.
    public func connectionClosed() { bank.add(LoopCounterLayout.connectionsClosed, 1) }

    /// Counts a tunnel that began.
    public func tunnelOpened() { bank.add(LoopCounterLayout.tunnelsOpened, 1) }

    /// Counts a tunnel that is over.
    public func tunnelClosed() { bank.add(LoopCounterLayout.tunnelsClosed, 1) }

    /// Counts bytes that a tunnel passed on.
    public func countTunnel(bytes: Int, toClient: Bool) {
        bank.add(toClient ? LoopCounterLayout.tunnelBytesToClients : LoopCounterLayout.tunnelBytesToOrigins, UInt64(clamping: bytes))
    }

    /// Counts a request to an origin that failed. `reason` is a word of ``ReasonLists/originErrors``.
    public func countOriginError(_ reason: String) { bank.add(layout.originErrors + layout.reasons.originErrors.index(of: reason), 1) }

    /// Counts a message that was refused. `reason` is a word of ``ReasonLists/wireErrors``.
    public func countWireError(_ reason: String) { bank.add(layout.wireErrors + layout.reasons.wireErrors.index(of: reason), 1) }

    /// Counts a response that was not stored. `reason` is a word of ``ReasonLists/notStored``.
    public func countNotStored(_ reason: String) { bank.add(layout.notStored + layout.reasons.notStored.index(of: reason), 1) }

    /// Counts a well-formed request that was refused. `reason` is a word of ``ReasonLists/refusals``.
    public func countRefusal(_ reason: String) { bank.add(layout.refusals + layout.reasons.refusals.index(of: reason), 1) }

    func load(_ index: Int) -> UInt64 { bank.load(index) }
}

/// Where each counter is in a loop's bank.
struct LoopCounterLayout: Sendable {
    let reasons: ReasonLists
    let originErrors: Int
    let wireErrors: Int
    let notStored: Int
    let refusals: Int
    let count: Int

    // The few that every request touches come first, then the buckets, then the reasons.
    static let responseBytes = 0
    static let originRequests = 1
    static let originResponseBytes = 2
    static let connectionsOpened = 3
    static let connectionsClosed = 4
    static let tunnelsOpened = 5
    static let tunnelsClosed = 6
    static let tunnelBytesToClients = 7
    static let tunnelBytesToOrigins = 8
    private static let firstDuration = 16
    /// Buckets and a sum.
    private static let perResult = LatencyBuckets.count + 1

    init(reasons: ReasonLists) {
        self.reasons = reasons
        originErrors = Self.firstDuration + RequestResult.allCases.count * Self.perResult
        wireErrors = originErrors + reasons.originErrors.words.count
        notStored = wireErrors + reasons.wireErrors.words.count
        refusals = notStored + reasons.notStored.words.count
        count = refusals + reasons.refusals.words.count
    }

    @inline(__always)
    static func durations(_ result: RequestResult) -> Int {
        firstDuration + result.index * perResult
    }
}
