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
    func fetchShared(_ asks: Fill.Asks, conditions: HTTPFields) {
        phase = .fetching
        let directives = cacheRequest.directives
        let isPassing = proxy.passing.contains(primaryKey, now: Clock.timestamp())
        let sharesFetch = !goesAlone && !isPassing
        // Who wants the origin's own word gets it from a request of their own.
        let wantsValidation = directives.flags.contains(.noCache) || directives.maxAgeSeconds == 0
        let mayFollow = sharesFetch && !wantsValidation
        let job = job(asks, conditions)
        var key = fillKey
        if asks != .whole || job.isConditional {
            // A response for everybody answers a range or a condition too. What is asked for by one of these answers only the same question.
            if mayFollow, let fill = proxy.fills.find(key, isCurrent: isCurrent) {
                outcome.isCollapsed = true
                return join(fill, isOwner: false)
            }
            key = proxy.store.key(particularKey(asks, key.bytes, withConditions: job.passesConditions))
        }
        let entry = proxy.fills.enter(
            key,
            mayFollow: mayFollow,
            mayLead: sharesFetch && !cacheRequest.presence.contains(.authorization) && !directives.flags.contains(.noStore),
            isCurrent: isCurrent
        ) {
            Fill(proxy: proxy, job: job, finishes: false)
        }
        switch entry {
        case .follow(let fill):
            outcome.isCollapsed = true
            join(fill, isOwner: false)
        case .alone(let fill):
            join(NIOLoopBound(fill, eventLoop: proxy.loop), isOwner: true)
            fill.start()
        case .lead(let fill):
            fill.key = key
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
        guard let key = stored?.key ?? partial?.key else { return }
        let asks: Fill.Asks = stored == nil && cacheRequest.presence.contains(.range) ? .range : .whole
        let head = stored?.head ?? partial?.head
        let conditions = Revalidation.conditions(for: head.map { [$0] } ?? [], isRangeRequest: asks == .range)
        let entry = proxy.fills.enter(key, mayFollow: true, mayLead: true, isCurrent: isCurrent) {
            Fill(proxy: proxy, job: job(asks, conditions), finishes: true)
        }
        guard case .lead(let fill) = entry else { return }
        fill.key = key
        fill.start()
    }

    /// The name of a fetch for what one request has and others do not: its range and, where they go along, its preconditions.
    private func particularKey(_ asks: Fill.Asks, _ key: [UInt8], withConditions: Bool) -> [UInt8] {
        var key = asks == .head ? RequestKey.headAnswer(key) : key
        key.append(0)
        var names: [HTTPField.Name] = asks == .range ? [.range, .ifRange] : []
        if withConditions { names += [.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince] }
        for name in names {
            key.append(0x0a)
            key.append(contentsOf: (request.fields[name] ?? "").utf8)
        }
        return key
    }

    private func isCurrent(_ since: Timestamp) -> Bool {
        proxy.purging.marks.verdict(primaryKey: primaryKey.bytes, tags: [], requestTime: since) == .current
    }

    private func job(_ asks: Fill.Asks, _ conditions: HTTPFields) -> Fill.Job {
        Fill.Job(
            asks: asks,
            request: request,
            // What is asked for is a GET, whoever's request has led to it.
            cacheRequest: cacheRequest.method == .get
                ? cacheRequest : CacheRequest(method: .get, fields: request.fields, path: cacheRequest.path),
            primaryKey: primaryKey,
            marker: marker,
            stored: stored,
            partial: stored == nil ? partial : nil,
            partsSuffice: stored == nil && partsSuffice,
            conditions: conditions,
            fields: request.fields
        )
    }

    /// What is fetched: the stored response, or the variant that the newest known set of fields selects, or whatever the URL gives.
    var fillKey: StoreKey {
        if let key = stored?.key ?? partial?.key { return key }
        guard let marker, let newest = marker.specifications.first else { return primaryKey }
        return proxy.store.key(marker.variantKey(newest, for: request.fields))
    }

    private var isStoredByNow: Bool {
        let key = fillKey
        let found = key.bytes.withUnsafeBytes { proxy.store.objectInMemory(key.hash, key: $0) }
        if found == nil, request.method == .head { return proxy.store.contains(proxy.store.key(RequestKey.headAnswer(key.bytes))) }
        return found.map { $0 !== stored && $0 !== partial } ?? false
    }

    private func join(_ fill: NIOLoopBound<Fill>, isOwner: Bool) {
        let reader = FillReader(NIOLoopBound(self, eventLoop: proxy.loop), request: cacheRequest, isOwner: isOwner)
        // The reader belongs to the fill's loop from here on.
        let handle = FillHandle(fill: fill, reader: UncheckedReader(reader))
        self.handle = handle
        handle.join()
    }

    // MARK: What the fill says

    /// - Parameter reader: Whom it is told to. One whose fill was left in favour of another is no longer meant.
    func hear(_ event: FillEvent, as reader: UncheckedReader) {
        guard phase == .fetching, handle?.reader.reader === reader.reader else { return }
        switch event {
        case .interim(let status, let fields): relayInterim(status: status, fields: fields)
        case .response(let response, let stored, let detail, let slice):
            relay(response, stored: stored, detail: detail, slice: slice)
        case .head(let head, let slice): serveFilling(head, slice: slice)
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
        case .validatedParts(let partial, let isKept):
            handle = nil
            use(partial, isKept: isKept)
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

    func noteOrigin(status: Int) {
        originMicroseconds = proxy.microseconds(since: request.startedAt)
        outcome.forwardStatus = status
    }

    /// The origin's answer to this very request.
    private func relay(_ response: UpstreamResponse, stored head: StoredHead?, detail: String?, slice: FillSlice?) {
        noteOrigin(status: response.status)
        receivedMinorVersion = response.minorVersion
        outcome.isStored = head != nil
        outcome.ttlSeconds = head?.ttlSeconds(at: Clock.timestamp())
        if let detail { outcome.detail = detail }
        result = head != nil || detail == "body-too-large" ? .miss : .bypass
        // Preconditions that did not go along are judged now.
        if let head {
            switch Preconditions.evaluate(request: cacheRequest, stored: head, policy: proxy.configuration.caching) {
            case .notModified:
                outcome.source = .origin
                sendHead(status: 304, fields: NotModifiedResponse.fields(from: head.fields), length: .none)
                return finishBeforeFill()
            // When nothing was stored they did go along.
            case .forward where stored != nil || partsSuffice: return forwardPrecondition()
            case .forward, .proceed: break
            }
        }
        relayHead(response, slice: slice)
    }

    func sendHead(_ slice: FillSlice, fields: HTTPFields, ageSeconds: Int64? = nil) {
        outcome.source = .origin
        sendHead(
            status: 206,
            fields: fields.withoutContentRange,
            ageSeconds: ageSeconds,
            length: .exactly(UInt64(slice.bytes.count)),
            extra: [("Content-Range", slice.contentRange.fieldValue)]
        )
    }

    /// Answers from a response that is being fetched for another.
    private func serveFilling(_ head: StoredHead, slice: FillSlice?) {
        noteOrigin(status: head.status)
        let now = Clock.timestamp()
        let policy = proxy.configuration.caching
        result = .miss
        outcome.source = .origin
        outcome.ttlSeconds = head.ttlSeconds(at: now)
        receivedMinorVersion = head.receivedMinorVersion
        let age = head.currentAgeSeconds(at: now)
        let fields = head.fieldsForUnvalidatedUse
        switch Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy) {
        case .notModified:
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: fields), ageSeconds: age, length: .none)
            return finishBeforeFill()
        case .forward:
            return forwardPrecondition()
        case .proceed: break
        }
        if let slice { return sendHead(slice, fields: fields, ageSeconds: age) }
        if request.method == .head {
            let length: AnswerLength = head.status == 204 ? .none : head.bodyByteCount.map { .toldOnly($0) } ?? .none
            sendHead(status: head.status, fields: fields, ageSeconds: age, length: length)
            return finishBeforeFill()
        }
        let hasNoBody = head.status == 204 || head.status == 304
        sendHead(
            status: head.status,
            fields: fields,
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

    /// The origin is asked with the client's own preconditions: only it may say that they fail (RFC 9111 §4.3.2).
    func forwardPrecondition() {
        handle?.leave(finishes: true)
        handle = nil
        let reason = Preconditions.forward.rawValue
        guard !cacheRequest.directives.flags.contains(.onlyIfCached) else { return fail(status: 504, reason: "only-if-cached (\(reason))") }
        stored = nil
        partial = nil
        partsSuffice = false
        goesAlone = true
        outcome = CacheOutcome()
        outcome.forward = .request
        outcome.detail = reason
        fetchForCache(conditions: HTTPFields())
    }

    func askAgain(_ marker: VariantMarker?, alone: Bool) {
        guard !headIsSent else {
            closesAfter = true
            connection?.close()
            return finish()
        }
        attempts += 1
        goesAlone = goesAlone || alone || attempts >= Self.maxAttempts
        outcome = CacheOutcome()
        stored = nil
        partial = nil
        partsSuffice = false
        hasLookedForHead = false
        phase = .lookup
        if let marker {
            self.marker = marker
            lookUpVariants(of: marker)
        } else {
            lookUp()
        }
    }
}
