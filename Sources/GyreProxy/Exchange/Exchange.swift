// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// One request that the short way could not answer: from the lookup to the last byte. Lives on its connection's event loop.
///
/// Phases follow each other in one direction: lookup, then serving from the cache or fetching, then done. A validation may turn fetching
/// into serving, a lost fragment serving into fetching the rest.
final class Exchange {
    enum Phase {
        case lookup
        case fetching
        case serving
        case done
    }

    let request: ClientRequest
    let cacheRequest: CacheRequest
    let proxy: LoopContext
    /// Nil when the client has gone.
    private(set) var connection: ClientConnection?
    var phase = Phase.lookup
    var outcome = CacheOutcome()
    var result = RequestResult.miss

    // What the cache knows.
    let primaryKey: StoreKey
    /// Where it goes when the cache does not answer it.
    let route: DestinationPools.Route
    var marker: VariantMarker?
    var stored: CachedResponse?
    /// Parts of the representation, when no whole is stored.
    var partial: PartialResponse?
    /// All that is asked for lies in the parts.
    var partsSuffice = false
    var storedTier = CyclicStore.Tier.memory
    /// A soft purge matches what was found last.
    var foundStale = false

    // The answer to the client.
    /// By which minor version of HTTP/1 the response came that is passed on.
    var receivedMinorVersion: UInt8 = 1
    var status = 0
    var bodyBytesSent = 0
    var headIsSent = false
    var sendsBody = true
    var sendsChunks = false
    var closesAfter = false

    // The fetch.
    var call: (any UpstreamCall)?
    /// A tunnel is being opened; nil when nobody waits for it any more.
    var dial: TunnelDial?
    var fetch: Fetch?
    var originMicroseconds: Int?
    /// When the request came, for the response's age.
    let startedAt: Timestamp
    var stream: FragmentStream?
    var bodyStream: BodyStream?
    /// Off while stored bytes go out before those of the origin.
    var mayReadOrigin = true
    private var waitsForDisk = false
    /// The fill that the answer comes from.
    var handle: FillHandle?
    /// Bytes that have gone to the connection while it could not take more.
    var owedCredit = 0
    /// The answer to an earlier HEAD has been looked for.
    var hasLookedForHead = false
    /// How often this request was sent back to ask again.
    var attempts = 0
    /// Nobody's fetch is waited for any more.
    var goesAlone = false

    /// What the short way has asked the store already, if it did.
    private var earlyLookup: EarlyLookup?

    init(request: ClientRequest, connection: ClientConnection, proxy: LoopContext, earlyLookup: EarlyLookup? = nil) {
        self.request = request
        self.connection = connection
        self.proxy = proxy
        startedAt = proxy.requestTime()
        cacheRequest = CacheRequest(
            method: .init(request.methodName),
            fields: request.fields,
            path: String(decoding: request.path, as: UTF8.self)
        )
        var parts = request.rules?.keyParts ?? []
        if request.isForward, proxy.configuration.keepsForwardApart { parts.append(RequestKey.forwardPart) }
        primaryKey = proxy.store.key(request.keyBytes(parts: parts))
        // One under another name, before it was put into its normal form, is of no use.
        if let earlyLookup, earlyLookup.key == primaryKey { self.earlyLookup = earlyLookup }
        route = request.route
        closesAfter = !request.keepAlive
    }

    func start() {
        if request.isForward { return admit() }
        if request.isMisdirected { return refuse(.scheme) }
        let isAnsweredHere = isPurge || request.rules?.answer != nil
        guard isAnsweredHere || route != .origin || proxy.configuration.origin != nil else { return refuse(.noOrigin) }
        begin()
    }

    private var isPurge: Bool { request.methodName == "PURGE" && !proxy.configuration.purgers.isEmpty }

    /// What is asked for, by whoever may ask.
    func begin() {
        if Via.isLoop(request.fields, pseudonym: proxy.configuration.name) { return refuse(.loop) }
        if isPurge { return purge() }
        if MaxForwards.left(request.method, request.fields) == 0 { return answerAsLast() }
        if let answer = request.rules?.answer { return respond(answer) }
        let upgrades = UpgradeOffer.passed(request, permitted: proxy.configuration.upgrades)
        if !upgrades.isEmpty { return changeProtocol(upgrades) }
        switch request.method {
        case .connect:
            request.isForward ? makeTunnel() : refuse(.connect)
        case .get, .head:
            if request.framing.hasBody {
                passThrough(.bypass, detail: "request-body")
            } else if request.rules?.bypasses ?? false {
                passThrough(.bypass, detail: "rule")
            } else {
                lookUp()
            }
        default:
            passThrough(.method, detail: nil)
        }
    }

    // MARK: Lookup

    func lookUp() {
        get(primaryKey) { exchange, found, tier in
            if let marker = found as? VariantMarker {
                exchange.marker = marker
                exchange.lookUpVariants(of: marker)
            } else if let partial = found as? PartialResponse {
                exchange.decide(partial)
            } else {
                exchange.decide(found as? CachedResponse, tier)
            }
        }
    }

    /// Asks the store; the answer comes back on this loop.
    func get(_ key: StoreKey, _ then: @escaping (Exchange, (any StoredObject)?, CyclicStore.Tier) -> Void) {
        let early = key == earlyLookup?.key ? earlyLookup : nil
        earlyLookup = nil
        (early ?? EarlyLookup(key, proxy)).whenEnded { [self] in deliver($0, then) }
    }

    private func deliver(_ lookup: CyclicStore.Lookup, _ then: (Exchange, (any StoredObject)?, CyclicStore.Tier) -> Void) {
        guard phase != .done else { return }
        switch lookup {
        case .found(let object, let tier):
            foundStale = false
            then(self, object, tier)
        case .stale(let object, let tier):
            foundStale = true
            then(self, object, tier)
        case .miss: then(self, nil, .disk)
        }
    }

    // MARK: Decision

    func decide(_ found: CachedResponse?, _ tier: CyclicStore.Tier) {
        if found == nil, request.method == .head, !hasLookedForHead { return lookUpHead() }
        var found = found
        if let map = found?.fragments, request.method == .get, !proxy.store.containsFragments(map) {
            // Some of its pieces have been overwritten: as good as not there.
            outcome.detail = "fragments-lost"
            found = nil
        }
        if let response = found {
            switch proxy.purging.marks.verdict(
                primaryKey: primaryKey.bytes,
                tags: response.purgeTags,
                requestTime: response.head.requestTime
            ) {
            case .current where !foundStale: break
            case .current, .stale:
                var head = response.head
                head.expire(at: Clock.timestamp())
                found = response.updated(head)
            case .gone:
                proxy.store.remove(response.key)
                outcome.detail = "purged"
                found = nil
            }
        }
        let now = Clock.timestamp()
        let policy = proxy.configuration.caching
        if let response = found, response.head.isKeptNoLonger(at: now, policy) {
            proxy.store.remove(response.key)
            outcome.detail = "keep-ended"
            found = nil
        }
        stored = found
        storedTier = tier
        let decision =
            found.map { ReuseDecision.decide(request: cacheRequest, stored: $0.head, now: now, policy: policy) }
            ?? ReuseDecision.decideWithoutStored(request: cacheRequest)
        switch decision {
        case .fresh(let served):
            serve(served, reason: nil, result: tier == .memory ? .hitMemory : .hitDisk)
        case .staleServable(let reason, let served, let revalidates):
            if revalidates { revalidateInBackground() }
            serve(served, reason: reason.rawValue, result: .stale)
        case .validate(let reason, let conditions):
            if let found, Preconditions.evaluate(request: cacheRequest, stored: found.head, policy: policy) == .forward {
                return forwardPrecondition()
            }
            if servesDuringOutage(reason) { return }
            outcome.forward = reason.forward
            outcome.detail = reason.rawValue
            fetchForCache(conditions: conditions)
        case .miss(let reason):
            switch reason {
            case .uriMiss: outcome.forward = marker == nil ? .uriMiss : .varyMiss
            case .varyMiss: outcome.forward = .varyMiss
            case .partial, .incomplete: outcome.forward = .partial
            case .method: outcome.forward = .method
            }
            stored = nil
            fetchForCache(conditions: variantConditions)
        case .gatewayTimeout(let reason):
            outcome.forward = nil
            fail(status: 504, reason: "only-if-cached (\(reason))")
        }
    }

    // MARK: Client

    func write(_ bytes: ByteBuffer) { connection?.write(bytes) }
    var clientIsWritable: Bool { connection?.isWritable ?? true }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if let stream { return stream.clientWritabilityChanged(isWritable) }
        bodyStream?.clientWritabilityChanged(isWritable)
        guard isWritable else { return }
        repay()
        updateReading()
    }

    func clientWentAway() {
        connection = nil
        bodyStream?.cancel()
        mayReadOrigin = true
        stream?.cancel()
        stream = nil
        dial = nil
        if phase == .fetching, let fetch, fetch.isWorthFinishing {
            sendsBody = false
            updateReading()
            return
        }
        fetch?.abandon("client-gone", proxy)
        call?.cancel()
        call = nil
        finish()
    }

    /// The disk does not keep up with the fill, or does again.
    func holdForDisk(_ holds: Bool) {
        waitsForDisk = holds
        updateReading()
    }

    func updateReading() { call?.setReading(clientIsWritable && !waitsForDisk && mayReadOrigin) }

    func requestBody(_ piece: ByteBuffer) { call?.send(piece) }
    func requestBodyEnded(_ trailers: HTTPFields) { call?.finish(trailers: HopByHop.endToEnd(trailers, direction: .request)) }

    /// The client's body is too long, or comes too slowly.
    func requestBodyRefused(_ refusal: RequestRefusal) {
        guard phase != .done else { return }
        proxy.counters.countRefusal(refusal.rawValue)
        requestBodyFailed(status: refusal.status, reason: refusal.rawValue)
    }

    /// The client's body broke off or was malformed: nothing sensible can follow.
    func requestBodyFailed(status: Int = 400, reason: String = "request-body") {
        guard phase != .done else { return }
        call?.cancel()
        call = nil
        if headIsSent {
            closesAfter = true
            connection?.close()
            finish()
        } else {
            fail(status: status, reason: reason)
        }
    }

    /// The key as `Cache-Status` shows it; nil: it does not.
    var shownKey: [UInt8]? { proxy.configuration.showsKey ? primaryKey.bytes : nil }

    /// The proxy's own answer. The connection survives it when the request has been read whole.
    func fail(status: Int, reason: String, fields: [(String, String)] = []) {
        guard phase != .done else { return }
        guard !headIsSent else {
            // Half an answer is out: closing without its end is the only honest way to say so.
            connection?.close()
            return finish()
        }
        result = .error
        self.status = status
        if outcome.detail == nil { outcome.detail = reason.split(separator: " ").first.map(String.init) }
        let closes = closesAfter || request.framing.hasBody
        closesAfter = closes
        headIsSent = true
        outcome.source = .none
        if request.method != .head { bodyBytesSent = ErrorPage.text(status: status, reason: reason).utf8.count }
        write(
            ErrorPage.make(
                status: status,
                reason: reason,
                closes: closes,
                sendsBody: request.method != .head,
                outcome: outcome,
                key: shownKey,
                fields: fields
            )
        )
        finish()
    }

    /// Exactly once: log, counters, and the connection goes on.
    func finish() {
        guard phase != .done else { return }
        phase = .done
        handle?.leave(finishes: false)
        handle = nil
        stream = nil
        bodyStream = nil
        let connection = connection
        self.connection = nil
        proxy.log(
            RequestRecord(
                request: request,
                keyHash: primaryKey.hash,
                outcome: outcome,
                result: result,
                status: status,
                bodyBytesSent: bodyBytesSent,
                originMicroseconds: originMicroseconds
            )
        )
        connection?.finished(keepAlive: !closesAfter)
    }
}
