// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Fill: UpstreamReceiver {
    func upstreamWantsBody() {}

    func upstreamInterim(status: Int, fields: HTTPFields) {
        for reader in readers where reader.isOwner { reader.tell(.interim(status: status, fields: fields)) }
    }

    func upstreamResponded(_ response: UpstreamResponse) {
        let now = Clock.timestamp()
        if let stored = job.stored, !job.conditions.isEmpty, response.status == 304 { return notModified(stored, response, now) }
        if job.stored != nil, ErrorFallback.isError(response.status), offerError(response, now) { return }
        let decision = StoreDecision.decide(
            request: job.cacheRequest,
            status: response.status,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: response.status, fields: response.fields),
            jitter: Double.random(in: 0..<1)
        )
        switch decision {
        case .store(let head) where head.partial == nil: share(head, response)
        case .store: pass(response, .partialUnsupported, now)
        case .refuse(let reason): pass(response, reason, now)
        }
    }

    /// The response may be stored: it begins to be, and those who wait get it if it is for them.
    private func share(_ head: StoredHead, _ response: UpstreamResponse) {
        proxy.passing.forget(job.primaryKey)
        phase = .sharing(head)
        let fetch = Fetch(proxy: proxy, primaryKey: job.primaryKey, marker: job.marker, request: job.request, head: head, response)
        var detail: String?
        if fetch.failure == nil {
            self.fetch = fetch
        } else {
            fetch.abandon("body-too-large", proxy)
            detail = "body-too-large"
        }
        for reader in readers {
            if reader.isOwner {
                reader.hasHead = true
                reader.tell(.response(response, stored: fetch.failure == nil ? head : nil, detail: detail))
            } else {
                offer(head, to: reader)
            }
        }
    }

    /// The response is for the owner alone. The others are released at once, and the next ones do not queue up.
    private func pass(_ response: UpstreamResponse, _ reason: NoStoreReason, _ now: Timestamp) {
        proxy.counters.countNotStored(reason.rawValue)
        if reason.isWorthRemembering { proxy.passing.note(job.primaryKey, now: now) }
        // A response that may not be stored tells that the stored one is no longer what the origin has; an error tells nothing.
        if let stored = job.stored, !reason.isAboutRequest, response.status < 500 { proxy.store.remove(stored.key) }
        phase = .passing
        release(alone: true)
        if let key { proxy.fills.leave(key, self) }
        guard let owner = readers.first else { return giveUp(response) }
        owner.hasHead = true
        owner.tell(.response(response, stored: nil, detail: reason.rawValue))
    }

    /// Nobody wants the response. A short body is read to its end, so that the connection can be used again.
    private func giveUp(_ response: UpstreamResponse) {
        switch response.framing {
        case .none: call?.detach()
        case .length(let count) where count <= 64 * 1024: call?.detach()
        case .length, .chunked, .untilClose: call?.cancel()
        }
        end()
    }

    // MARK: Validation

    private func notModified(_ stored: CachedResponse, _ response: UpstreamResponse, _ now: Timestamp) {
        let outcome = Revalidation.update(
            stored.head,
            request: job.cacheRequest,
            notModified: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: stored.head.status, fields: stored.head.fields),
            jitter: Double.random(in: 0..<1)
        )
        switch outcome {
        case .updated(let head):
            let tags = PurgeSubject.storeTags(of: head, primaryKey: job.primaryKey.bytes, proxy.store)
            guard let updated = stored.updated(head, tags: tags) else { return fail(.malformed) }
            proxy.store.put(updated)
            tellAll(.validated(updated, status: response.status, isKept: true))
        case .serveOnce(let head, let reason):
            proxy.counters.countNotStored(reason.rawValue)
            if !reason.isAboutRequest { proxy.store.remove(stored.key) }
            if reason.isWorthRemembering { proxy.passing.note(job.primaryKey, now: now) }
            guard let updated = stored.updated(head) else { return fail(.malformed) }
            release(alone: true)
            tellAll(.validated(updated, status: response.status, isKept: false))
        case .refused:
            // The origin speaks of another representation: ask again, without conditions.
            proxy.store.remove(stored.key)
            job.stored = nil
            job.conditions = HTTPFields()
            job.request.fields = Revalidation.requestFields(job.request.fields)
            // The 304 has no body: its end is the end of that call, which nobody waits for.
            call?.detach()
            start()
        }
    }

    /// Tells everyone the end, and ends.
    private func tellAll(_ event: FillEvent) {
        let waiting = readers
        call?.detach()
        end()
        for reader in waiting { reader.tell(event) }
    }

    /// An error on validation is offered to everyone who waits: who may be served the stored response is. True when nobody is left.
    private func offerError(_ response: UpstreamResponse, _ now: Timestamp) -> Bool {
        guard let stored = job.stored else { return false }
        for reader in readers {
            let fallback = ErrorFallback.decide(
                request: reader.request,
                stored: stored.head,
                failure: .status(response.status),
                now: now,
                policy: policy
            )
            guard case .serveStored = fallback else { continue }
            readers.removeAll { $0 === reader }
            reader.tell(.originError(response))
        }
        // An error never replaces what may still be used (RFC 9111 §4.3.3).
        let isKept = !ErrorFallback.mayReplace(
            stored.head,
            withStatus: response.status,
            request: job.cacheRequest,
            now: now,
            policy: policy
        )
        guard readers.isEmpty || isKept else { return false }
        release(alone: true)
        guard readers.isEmpty else { return false }
        giveUp(response)
        return true
    }

    // MARK: Body and end

    func upstreamSent(_ bytes: ByteBuffer) {
        proxy.counters.countOriginResponse(bytes: bytes.readableBytes)
        fetch?.append(bytes, proxy, pause: { holdForDisk(true) }, resume: { [self] in holdForDisk(false) })
        take(bytes)
        updateReading()
    }

    func upstreamEnded(trailers: HTTPFields) {
        call = nil
        let detail = fetch?.complete(trailers: trailers, proxy)
        fetch = nil
        if let key { proxy.fills.leave(key, self) }
        ended = (trailers, detail)
        endReaders()
    }

    func upstreamFailed(_ failure: UpstreamFailure) { fail(failure) }

    func fail(_ failure: UpstreamFailure) {
        proxy.counters.countOriginError(failure.rawValue)
        fetch?.abandon("incomplete", proxy)
        let waiting = readers
        end()
        for reader in waiting { reader.tell(.failed(failure)) }
    }

    /// Tells the end to those who have everything; the others get the rest first.
    func endReaders() {
        guard let (trailers, detail) = ended else { return }
        let done = readers.filter(hasAll)
        readers.removeAll(where: hasAll)
        if readers.isEmpty { end() }
        for reader in done { reader.tell(.end(trailers: trailers, detail: detail)) }
    }
}
