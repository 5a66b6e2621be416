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
        if response.status == 304 { return notModified(response, now) }
        if ErrorFallback.isError(response.status), let stored = job.fallback, offerError(response, about: stored, now) { return }
        let decision = StoreDecision.decide(
            request: job.cacheRequest,
            status: response.status,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: response.status, fields: response.fields),
            jitter: proxy.jitter()
        )
        switch decision {
        case .store(var head) where head.partial == nil || job.asks == .range:
            head.receivedMinorVersion = response.minorVersion
            share(head, response)
        case .store: pass(response, .partialUnsupported, now)
        case .refuse(let reason): pass(response, reason, now)
        }
    }

    /// The response may be stored: it begins to be, and those who wait get it if it is for them.
    private func share(_ head: StoredHead, _ response: UpstreamResponse) {
        proxy.passing.forget(job.primaryKey)
        if let key = job.storedKey { proxy.outages.forget(key) }
        phase = .sharing(head)
        if job.asks == .head { return shareHead(head, response) }
        let fetch = Fetch(
            proxy: proxy,
            primaryKey: job.primaryKey,
            marker: job.marker,
            selecting: job.fields,
            head: head,
            partial: job.partial,
            response
        )
        var detail: String?
        if fetch.failure == nil {
            self.fetch = fetch
        } else {
            fetch.abandon("body-too-large", proxy)
            detail = "body-too-large"
        }
        for reader in readers {
            if reader.isOwner {
                // An origin without ranges: of its whole the client gets what it asked for.
                var slice: FillSlice?
                if head.partial == nil, case .slice(let run) = FillAnswer(reader.request, head, policy) { slice = run }
                reader.take(slice)
                reader.hasHead = true
                reader.tell(.response(response, stored: fetch.failure == nil ? head : nil, detail: detail, slice: slice))
            } else {
                offer(head, to: reader)
            }
        }
    }

    /// The answer to a HEAD answers others; there is no body to wait for.
    private func shareHead(_ head: StoredHead, _ response: UpstreamResponse) {
        let placement = Placement(
            head,
            primaryKey: job.primaryKey,
            marker: job.marker,
            selecting: job.fields,
            proxy
        )
        let stored = CachedResponse(
            answerToHead: head,
            key: proxy.store.key(RequestKey.headAnswer(placement.key.bytes)),
            tags: PurgeSubject.storeTags(of: head, primaryKey: job.primaryKey.bytes, proxy.store)
        )
        if let stored {
            proxy.store.put(stored)
            placement.putMarker(head, proxy)
        }
        for reader in readers {
            if reader.isOwner {
                reader.hasHead = true
                reader.tell(.response(response, stored: stored == nil ? nil : head, detail: nil, slice: nil))
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
        if let key = job.storedKey, !reason.isAboutRequest, response.status < 500 { proxy.store.remove(key) }
        phase = .passing
        release(alone: true)
        leaveTable()
        guard let owner = readers.first else { return giveUp(response) }
        owner.hasHead = true
        owner.tell(.response(response, stored: nil, detail: reason.rawValue, slice: nil))
    }

    /// Nobody wants the response. A short body is read to its end, so that the connection can be used again.
    func giveUp(_ response: UpstreamResponse) {
        switch response.framing {
        case .none: call?.detach()
        case .length(let count) where count <= 64 * 1024: call?.detach()
        case .length, .chunked, .untilClose: call?.cancel()
        }
        end()
    }

    // MARK: Body and end

    func upstreamSent(_ bytes: ByteBuffer) {
        proxy.counters.countOriginResponse(bytes: bytes.readableBytes)
        fetch?.append(bytes, proxy, pause: { holdForDisk(true) }, resume: { [self] in holdForDisk(false) })
        take(bytes)
        endReaders()
        updateReading()
    }

    func upstreamEnded(trailers: HTTPFields) {
        call = nil
        let detail = fetch?.complete(trailers: trailers, proxy)
        fetch = nil
        leaveTable()
        ended = (trailers, detail)
        endReaders()
    }

    func upstreamFailed(_ failure: UpstreamFailure) { fail(failure) }

    func fail(_ failure: UpstreamFailure) {
        proxy.counters.countOriginError(failure.rawValue)
        giveUpStoring("incomplete")
        let waiting = readers
        end()
        for reader in waiting { reader.tell(.failed(failure)) }
    }

    /// Tells the end to those who have everything that is for them; the others get the rest first.
    func endReaders() {
        let done = readers.filter { $0.hasHead && hasAll($0) }
        readers.removeAll { $0.hasHead && hasAll($0) }
        // Who has got a range was answered: the whole is fetched for the cache.
        if !done.isEmpty, ended == nil, fetch != nil { finishes = true }
        let end = ended ?? (HTTPFields(), nil)
        if readers.isEmpty, ended != nil || (!done.isEmpty && !finishes) { ended == nil ? abandon() : self.end() }
        for reader in done { reader.tell(.end(trailers: end.trailers, detail: end.detail)) }
    }
}
