// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// How often a request is sent back to ask again before it goes alone.
    private static let maxAttempts = 3

    /// Fetches for the cache, together with others who want the same.
    func fetchShared(conditions: HTTPFields) {
        phase = .fetching
        let directives = cacheRequest.directives
        let isPassing = proxy.passing.contains(primaryKey, now: Clock.timestamp())
        let sharesFetch = !goesAlone && !isPassing
        // Who wants the origin's own word gets it from a request of their own.
        let wantsValidation = directives.flags.contains(.noCache) || directives.maxAgeSeconds == 0
        // The client's preconditions go along when nothing is stored that could answer them, and what comes back may be an answer to them alone.
        let isConditional = stored == nil && !cacheRequest.presence.isDisjoint(with: .conditional)
        let entry = proxy.fills.enter(
            fillKey,
            mayFollow: sharesFetch && !wantsValidation,
            mayLead: sharesFetch && !isConditional && !cacheRequest.presence.contains(.authorization)
                && !directives.flags.contains(.noStore),
            isCurrent: isCurrent
        ) {
            Fill(proxy: proxy, job: job(conditions), finishes: false)
        }
        switch entry {
        case .follow(let fill):
            outcome.isCollapsed = true
            join(fill, isOwner: false)
        case .alone(let fill):
            join(NIOLoopBound(fill, eventLoop: proxy.loop), isOwner: true)
            fill.start()
        case .lead(let fill):
            fill.key = fillKey
            // Another fetch may have ended between the lookup and now.
            if attempts == 0, isStoredByNow {
                fill.abandon()
                attempts += 1
                return lookUp()
            }
            join(NIOLoopBound(fill, eventLoop: proxy.loop), isOwner: true)
            fill.start()
        }
    }

    /// Validates what is stored behind an answer that was given from it (RFC 5861 §3). One such request for a response is enough.
    func revalidateInBackground() {
        guard let stored else { return }
        let conditions = Revalidation.conditions(for: [stored.head])
        let entry = proxy.fills.enter(stored.key, mayFollow: true, mayLead: true, isCurrent: isCurrent) {
            Fill(proxy: proxy, job: job(conditions), finishes: true)
        }
        guard case .lead(let fill) = entry else { return }
        fill.key = stored.key
        fill.start()
    }

    private func isCurrent(_ since: Timestamp) -> Bool {
        proxy.purging.marks.verdict(primaryKey: primaryKey.bytes, tags: [], requestTime: since) == .current
    }

    private func job(_ conditions: HTTPFields) -> Fill.Job {
        Fill.Job(
            request: request,
            cacheRequest: cacheRequest,
            primaryKey: primaryKey,
            marker: marker,
            stored: stored,
            conditions: conditions
        )
    }

    /// What is fetched: the stored response, or the variant that the newest known set of fields selects, or whatever the URL gives.
    private var fillKey: StoreKey {
        if let stored { return stored.key }
        guard let marker, let newest = marker.specifications.first else { return primaryKey }
        return proxy.store.key(marker.variantKey(newest, for: request.fields))
    }

    private var isStoredByNow: Bool {
        let key = fillKey
        let found = key.bytes.withUnsafeBytes { proxy.store.objectInMemory(key.hash, key: $0) }
        return found.map { $0 !== stored } ?? false
    }

    private func join(_ fill: NIOLoopBound<Fill>, isOwner: Bool) {
        let reader = FillReader(NIOLoopBound(self, eventLoop: proxy.loop), request: cacheRequest, isOwner: isOwner)
        // The reader belongs to the fill's loop from here on.
        let handle = FillHandle(fill: fill, reader: UncheckedReader(reader))
        self.handle = handle
        handle.join()
    }

    // MARK: What the fill says

    func hear(_ event: FillEvent) {
        guard phase == .fetching, handle != nil else { return }
        switch event {
        case .interim(let status, let fields): relayInterim(status: status, fields: fields)
        case .response(let response, let stored, let detail): relay(response, stored: stored, detail: detail)
        case .head(let head): serveFilling(head)
        case .body(let bytes):
            sendBody(bytes)
            owedCredit += bytes.readableBytes
            if clientIsWritable { repay() }
        case .end(let trailers, let detail):
            handle = nil
            if outcome.detail == nil { outcome.detail = detail }
            sendEnd(trailers: trailers)
            finish()
        case .validated(let response, let status, let isKept):
            handle = nil
            use(response, status: status, isKept: isKept)
        case .originError(let response):
            handle = nil
            outcome.forwardStatus = response.status
            if !serveStale(.status(response.status)) { fail(status: 502, reason: "origin-error") }
        case .failed(let failure):
            handle = nil
            originFailed(failure)
        case .released(let marker, let alone):
            handle = nil
            askAgain(marker, alone: alone)
        }
    }

    /// Tells the fill that bytes have gone out.
    func repay() {
        guard owedCredit > 0, let handle else { return }
        let credit = owedCredit
        owedCredit = 0
        handle.give(credit)
    }

    private func noteOrigin(status: Int) {
        originMicroseconds = proxy.microseconds(since: request.startedAt)
        outcome.forwardStatus = status
    }

    /// The origin's answer to this very request.
    private func relay(_ response: UpstreamResponse, stored head: StoredHead?, detail: String?) {
        noteOrigin(status: response.status)
        outcome.isStored = head != nil
        if let detail { outcome.detail = detail }
        result = head != nil || detail == "body-too-large" ? .miss : .bypass
        // Preconditions that did not go along are judged now.
        if let head, Preconditions.evaluate(request: cacheRequest, stored: head, policy: proxy.configuration.caching) == .notModified {
            outcome.source = .origin
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: head), length: .none)
            return finishBeforeFill()
        }
        relayHead(response)
    }

    /// Answers from a response that is being fetched for another.
    private func serveFilling(_ head: StoredHead) {
        noteOrigin(status: head.status)
        let now = Clock.timestamp()
        let policy = proxy.configuration.caching
        result = .miss
        outcome.source = .origin
        outcome.ttlSeconds = head.ttlSeconds(at: now)
        let age = head.currentAgeSeconds(at: now)
        switch Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy) {
        case .notModified:
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: head), ageSeconds: age, length: .none)
            return finishBeforeFill()
        case .failed:
            handle?.leave(finishes: true)
            handle = nil
            return fail(status: 412, reason: "precondition-failed")
        case .proceed: break
        }
        let hasNoBody = head.status == 204 || head.status == 304
        sendHead(
            status: head.status,
            fields: head.fieldsForUnvalidatedUse,
            ageSeconds: age,
            length: hasNoBody ? .none : head.bodyByteCount.map { .exactly($0) } ?? .unknown
        )
    }

    /// The answer is out, the fill goes on for the cache.
    private func finishBeforeFill() {
        handle?.leave(finishes: true)
        handle = nil
        finish()
    }

    private func use(_ response: CachedResponse, status: Int, isKept: Bool) {
        noteOrigin(status: status)
        stored = response
        storedTier = .memory
        outcome.isStored = isKept
        let now = Clock.timestamp()
        if !outcome.isCollapsed {
            return serve(ReuseDecision.Served(validated: response.head, at: now), reason: outcome.detail, result: .revalidated)
        }
        switch ReuseDecision.decide(request: cacheRequest, stored: response.head, now: now, policy: proxy.configuration.caching) {
        case .fresh(let served), .staleServable(_, let served, _): serve(served, reason: outcome.detail, result: .revalidated)
        case .validate, .miss, .gatewayTimeout: askAgain(marker, alone: true)
        }
    }

    private func askAgain(_ marker: VariantMarker?, alone: Bool) {
        guard !headIsSent else {
            closesAfter = true
            connection?.close()
            return finish()
        }
        attempts += 1
        goesAlone = goesAlone || alone || attempts >= Self.maxAttempts
        outcome = CacheOutcome()
        phase = .lookup
        if let marker {
            self.marker = marker
            lookUpVariant(0)
        } else {
            lookUp()
        }
    }

    // MARK: Failure

    private func originFailed(_ failure: UpstreamFailure) {
        if !headIsSent, stored != nil, serveStale(failure.status == 504 ? .timeout : .unreachable) { return }
        fail(status: failure.status, reason: failure.rawValue)
    }

    /// Answers from what is stored although the origin failed, where that is allowed; or says why not. False: the failure is to be told.
    func serveStale(_ failure: ErrorFallback.Failure) -> Bool {
        guard let stored else { return false }
        let fallback = ErrorFallback.decide(
            request: cacheRequest,
            stored: stored.head,
            failure: failure,
            now: Clock.timestamp(),
            policy: proxy.configuration.caching
        )
        switch fallback {
        case .serveStored(let reason, let served):
            serve(served, reason: reason.rawValue, result: .stale)
            return true
        case .gatewayTimeout:
            // What may not be used without validation cannot be validated (RFC 9111 §5.2.2.2).
            fail(status: 504, reason: "validation-failed")
            return true
        case .forwardError:
            return false
        }
    }
}
