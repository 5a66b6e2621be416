// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// One fetch for the cache: asks the origin, stores what comes while it passes, and hands it to everyone who waits.
///
/// Lives on the loop of the request that began it. Phases: waiting for the head; then sharing a response that is being stored, or passing one on
/// to the owner alone; then over. Who leads decides nothing once the request is out: when its client leaves, the fill goes on for the others.
final class Fill {
    enum Phase {
        /// Next: sharing, passing, over.
        case waiting
        /// The response is being stored. Next: over.
        case sharing(StoredHead)
        /// The response is the owner's alone. Next: over.
        case passing
        case over
    }

    /// What the origin is asked for.
    enum Asks {
        case whole
        /// The range that the client named.
        case range
        /// The head alone.
        case head
    }

    /// What is fetched.
    struct Job {
        var asks: Asks
        var request: ClientRequest
        var cacheRequest: CacheRequest
        var primaryKey: StoreKey
        var marker: VariantMarker?
        /// The response that is validated.
        var stored: CachedResponse?
        /// The parts that are validated, or that what comes is added to.
        var partial: PartialResponse?
        /// All that is asked for lies in the parts.
        var partsSuffice = false
        var conditions: HTTPFields
        /// The client's fields, as far as they go along.
        var fields: HTTPFields

        /// What may be served when the origin fails.
        var fallback: StoredHead? { stored?.head ?? (partsSuffice ? partial?.wholeHead : nil) }
        /// Where what is stored stands.
        var storedKey: StoreKey? { stored?.key ?? partial?.key }

        /// The client's own preconditions go along: nothing is stored that could answer them.
        var passesConditions: Bool { stored == nil && conditions.isEmpty }
        /// What comes may be an answer to the client's own preconditions alone.
        var isConditional: Bool { passesConditions && !cacheRequest.presence.isDisjoint(with: .conditional) }
    }

    let proxy: LoopContext
    var job: Job
    /// Where others find this fill; nil: nobody can.
    var key: StoreKey?
    var phase = Phase.waiting
    var readers: [FillReader] = []
    var call: (any UpstreamCall)?
    var fetch: Fetch?
    var requestTime: Timestamp
    /// Somebody was answered by this fetch or asked for it behind an answer: it goes on without readers.
    var finishes: Bool
    private var waitsForDisk = false
    /// The response is whole: what its end is to tell.
    var ended: (trailers: HTTPFields, detail: String?)?

    // What has come and not gone out to everyone, and for those who join late all of it as long as it is little.
    var pieces: CircularBuffer<ByteBuffer> = []
    /// The position of the first byte kept.
    var keptFrom: UInt64 = 0
    var received: UInt64 = 0
    var keptBytes = 0
    /// Nothing of the beginning has been let go: others can join.
    var keepsAll = true

    init(proxy: LoopContext, job: Job, finishes: Bool) {
        self.proxy = proxy
        self.job = job
        self.finishes = finishes
        requestTime = proxy.requestTime()
    }

    var policy: CachingPolicy { proxy.configuration.caching }

    func start() {
        requestTime = proxy.requestTime()
        var fields = ForwardedFields.request(job.request, fields: job.fields, proxy)
        fields.fields = Revalidation.requestFields(
            fields.fields,
            conditions: job.conditions,
            keepsRange: job.asks == .range,
            keepsConditions: job.passesConditions
        )
        proxy.counters.countOriginRequest()
        call = proxy.upstream.start(
            UpstreamRequest(
                method: job.asks == .head ? .head : .get,
                methodName: job.asks == .head ? "HEAD" : "GET",
                target: job.request.path,
                fields: fields,
                framing: .none,
                expectsContinue: false
            ),
            to: job.request.route,
            self
        )
    }

    /// Ends the fill: whoever still waits has been told before.
    func end() {
        if case .over = phase { return }
        phase = .over
        leaveTable()
        call = nil
        fetch = nil
        letGo(everything: true)
        readers = []
    }

    /// Nobody joins from now on.
    func leaveTable() {
        guard let key else { return }
        proxy.fills.leave(key, self)
        self.key = nil
    }

    /// Gives up, and tells those who wait to ask again.
    func abandon() {
        if case .over = phase { return }
        call?.cancel()
        giveUpStoring("client-gone")
        let waiting = readers
        end()
        for reader in waiting { reader.tell(.released(nil, alone: reader.hasHead)) }
    }

    /// The body broke off. What has come of it is kept as a part, if nothing of it was let go.
    func giveUpStoring(_ reason: String) {
        fetch?.abandon(reason, proxy)
        if keepsAll, job.stored == nil, job.partial == nil { fetch?.keepBeginning(pieces, proxy) }
    }

    // MARK: Pace

    func holdForDisk(_ holds: Bool) {
        waitsForDisk = holds
        updateReading()
    }

    /// The origin is read as long as somebody can take more, or nobody is there to wait for, but never so far ahead of the slowest that
    /// more than a window is kept for it.
    func updateReading() {
        guard let call else { return }
        let slowest = readers.lazy.filter(\.hasHead).map(\.position).min() ?? received
        let lag = keepsAll ? 0 : received - min(slowest, received)
        let somebodyTakes = readers.isEmpty || readers.contains { $0.credit > 0 }
        call.setReading(!waitsForDisk && somebodyTakes && lag < UInt64(proxy.configuration.collapsing.keptBytes))
    }
}
