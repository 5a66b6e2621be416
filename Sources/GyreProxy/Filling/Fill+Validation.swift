// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// What a 304, or an error instead of one, does to what is stored (RFC 9111 §4.3.3, §4.3.4).
extension Fill {
    func notModified(_ response: UpstreamResponse, _ now: Timestamp) {
        if !job.conditions.isEmpty {
            if let stored = job.stored { return notModified(stored, response, now) }
            if let partial = job.partial { return notModified(partial, response, now) }
            return selected(by: response, now)
        }
        if job.passesConditions, !job.cacheRequest.presence.isDisjoint(with: .asksForNews) { return passNotModified(response, now) }
        call?.detach()
        fail(.unaskedNotModified)
    }

    private func notModified(_ stored: CachedResponse, _ response: UpstreamResponse, _ now: Timestamp) {
        let outcome = Revalidation.update(
            stored.head,
            request: job.cacheRequest,
            notModified: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: stored.head.status, fields: stored.head.fields),
            jitter: proxy.jitter()
        )
        switch outcome {
        case .updated(let head):
            guard let updated = keep(stored, head) else { return outgrew(stored) }
            tellAll(.validated(updated, status: response.status, isKept: true))
        case .serveOnce(let head, let reason):
            proxy.counters.countNotStored(reason.rawValue)
            if !reason.isAboutRequest { proxy.store.remove(stored.key) }
            if reason.isWorthRemembering { proxy.passing.note(job.primaryKey, now: now) }
            guard let updated = stored.updated(head) else { return outgrew(stored) }
            release(alone: true)
            tellAll(.validated(updated, status: response.status, isKept: false))
        case .refused:
            askAnew()
        }
    }

    /// Stores a response with another head, where that belongs. It has been validated: the origin is there.
    private func keep(_ stored: CachedResponse, _ head: StoredHead) -> CachedResponse? {
        proxy.outages.forget(stored.key)
        let tags = PurgeSubject.storeTags(of: head, primaryKey: job.primaryKey.bytes, proxy.store)
        let placement = Placement(
            head,
            primaryKey: job.primaryKey,
            marker: job.marker,
            selecting: job.fields,
            proxy
        )
        let updated = stored.updated(head, key: placement.key, tags: tags)
        guard let updated else { return nil }
        proxy.store.put(updated)
        placement.putMarker(head, proxy)
        return updated
    }

    /// With the fields of a 304 the head is larger than any that is stored. What the origin has is asked without conditions.
    private func outgrew(_ stored: CachedResponse) {
        proxy.store.remove(stored.key)
        askAnew()
    }

    /// The origin says that one of the stored variants is for this request too (RFC 9111 §4.1, §4.3.4).
    private func selected(by response: UpstreamResponse, _ now: Timestamp) {
        guard let marker = job.marker, let name = marker.variant(selectedBy: response.fields) else { return askAnew() }
        // Its end is not to be taken for the end of what is asked next.
        call?.detach()
        call = nil
        let bound = NIOLoopBound(self, eventLoop: proxy.loop)
        let loop = proxy.loop
        proxy.store.get(proxy.store.key(marker.variantKey(name))) { lookup in
            loop.execute { bound.value.selected(lookup, by: response, now) }
        }
    }

    private func selected(_ lookup: CyclicStore.Lookup, by response: UpstreamResponse, _ now: Timestamp) {
        guard case .waiting = phase else { return }
        guard case .found(let object, _) = lookup, let variant = object as? CachedResponse,
            proxy.purging.marks.verdict(
                primaryKey: job.primaryKey.bytes,
                tags: variant.purgeTags,
                requestTime: variant.head.requestTime
            ) == .current,
            variant.fragments.map(proxy.store.containsFragments) ?? true
        else { return askAnew() }
        notModified(variant, response, now)
    }

    /// The origin speaks of another representation than the stored one: ask again, without conditions.
    private func askAnew() {
        if let key = job.storedKey { proxy.store.remove(key) }
        job.stored = nil
        job.partial = nil
        job.partsSuffice = false
        job.conditions = HTTPFields()
        job.fields = Revalidation.requestFields(job.fields, keepsRange: job.asks == .range)
        // The 304 has no body: its end is the end of that call, which nobody waits for.
        call?.detach()
        start()
    }

    /// The parts are still those of the representation.
    private func notModified(_ partial: PartialResponse, _ response: UpstreamResponse, _ now: Timestamp) {
        let outcome = Revalidation.update(
            partial.head,
            request: job.cacheRequest,
            notModified: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: partial.head.status, fields: partial.head.fields),
            jitter: proxy.jitter()
        )
        switch outcome {
        case .updated(let head):
            guard let updated = partial.updated(head) else { return fail(.malformed) }
            proxy.store.put(updated)
            tellAll(.validatedParts(updated, isKept: true))
        case .serveOnce(let head, let reason):
            proxy.counters.countNotStored(reason.rawValue)
            if !reason.isAboutRequest { proxy.store.remove(partial.key) }
            guard let updated = partial.updated(head) else { return fail(.malformed) }
            release(alone: true)
            tellAll(.validatedParts(updated, isKept: false))
        case .refused:
            askAnew()
        }
    }

    /// The client's own condition was answered, and with it those of all who sent the same, unless the answer is for one alone.
    private func passNotModified(_ response: UpstreamResponse, _ now: Timestamp) {
        let asWhole = StoreDecision.decide(
            request: job.cacheRequest,
            status: 200,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: job.request.policy(policy, status: response.status, fields: response.fields)
        )
        switch asWhole {
        case .store(let head):
            // With other selecting fields the origin might have said something else.
            for reader in readers where !reader.isOwner && !head.isSelected(by: reader.request.fields) { dismiss(reader, alone: true) }
        case .refuse: release(alone: true)
        }
        phase = .passing
        leaveTable()
        for reader in readers {
            reader.hasHead = true
            reader.tell(.response(response, stored: nil, detail: NoStoreReason.notModified.rawValue, slice: nil))
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
    func offerError(_ response: UpstreamResponse, about stored: StoredHead, _ now: Timestamp) -> Bool {
        for reader in readers {
            let fallback = ErrorFallback.decide(
                request: reader.request,
                stored: stored,
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
            stored,
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
}
