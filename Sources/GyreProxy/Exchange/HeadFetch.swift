// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import NIOCore

/// Receives the answer to a HEAD that validates the stored answer to GET (RFC 9111 §4.3.5).
final class HeadFetch: UpstreamReceiver {
    private let exchange: Exchange
    private let requestTime: Timestamp
    /// What the origin was asked on.
    private let conditions: HTTPFields

    init(exchange: Exchange, conditions: HTTPFields) {
        self.exchange = exchange
        self.conditions = conditions
        requestTime = exchange.proxy.requestTime()
    }

    func upstreamWantsBody() {}
    func upstreamInterim(status: Int, fields: HTTPFields) { exchange.relayInterim(status: status, fields: fields) }

    func upstreamResponded(_ response: UpstreamResponse) {
        exchange.noteOrigin(status: response.status)
        guard let stored = exchange.stored, !fallBack(.status(response.status)) else { return }
        if response.status == 304 { return notModified(stored, response) }
        update(stored, response)
        // The client's own conditions did not go along: they are judged now.
        if case .store(let head) = decision(response),
            Preconditions.evaluate(request: exchange.cacheRequest, stored: head, policy: exchange.proxy.configuration.caching)
                == .notModified
        {
            exchange.outcome.source = .origin
            exchange.sendHead(status: 304, fields: NotModifiedResponse.fields(from: head.fields), length: .none)
        } else {
            exchange.relayHead(response)
        }
    }

    private var policy: CachingPolicy { exchange.proxy.configuration.caching }

    private func decision(_ response: UpstreamResponse) -> StoreDecision {
        StoreDecision.decide(
            request: CacheRequest(method: .get, fields: exchange.request.fields, path: exchange.cacheRequest.path),
            status: response.status,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: Clock.timestamp(),
            policy: exchange.request.policy(policy, status: response.status, fields: response.fields)
        )
    }

    /// What is stored is not what the origin has: that is asked without conditions.
    private func askAnew(_ stored: CachedResponse) {
        outdate(stored)
        letGo()
        exchange.stored = nil
        exchange.fetchForCache(conditions: HTTPFields())
    }

    /// What is stored is still good, and answers.
    private func notModified(_ stored: CachedResponse, _ response: UpstreamResponse) {
        guard !conditions.isEmpty else { return giveUp(.unaskedNotModified) }
        let now = Clock.timestamp()
        let outcome = Revalidation.update(
            stored.head,
            request: exchange.cacheRequest,
            notModified: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: exchange.request.policy(policy, status: stored.head.status, fields: stored.head.fields),
            jitter: Double.random(in: 0..<1)
        )
        let updated: CachedResponse?
        switch outcome {
        case .updated(let head):
            updated = stored.updated(head)
            if let updated { exchange.proxy.store.put(updated) }
            exchange.outcome.isStored = updated != nil
        case .serveOnce(let head, let reason):
            updated = stored.updated(head)
            if !reason.isAboutRequest { exchange.proxy.store.remove(stored.key) }
        case .refused(let mismatch):
            exchange.outcome.detail = mismatch.rawValue
            return askAnew(stored)
        }
        // With the new fields the head is larger than any that is stored.
        guard let updated else { return askAnew(stored) }
        letGo()
        exchange.stored = updated
        exchange.serve(ReuseDecision.Served(validated: updated.head, at: now), reason: exchange.outcome.detail, result: .revalidated)
    }

    private func letGo() {
        exchange.call?.detach()
        exchange.call = nil
    }

    private func giveUp(_ failure: UpstreamFailure) {
        exchange.call?.cancel()
        exchange.upstreamBroke(failure)
    }

    private func update(_ stored: CachedResponse, _ response: UpstreamResponse) {
        let store = exchange.proxy.store
        // There is nothing to GET either.
        if response.status == 404 || response.status == 410 { return outdate(stored) }
        let outcome = Revalidation.update(
            stored.head,
            request: exchange.cacheRequest,
            headStatus: response.status,
            headFields: response.fields,
            requestTime: requestTime,
            responseTime: Clock.timestamp(),
            policy: exchange.request.policy(policy, status: stored.head.status, fields: stored.head.fields),
            jitter: Double.random(in: 0..<1)
        )
        switch outcome {
        case .updated(let head):
            if let updated = stored.updated(head) { store.put(updated) }
        case .serveOnce(_, let reason):
            if !reason.isAboutRequest { store.remove(stored.key) }
        case .refused(.status):
            break
        case .refused(let mismatch):
            outdate(stored)
            exchange.outcome.detail = mismatch.rawValue
        }
    }

    /// The next GET asks the origin.
    private func outdate(_ stored: CachedResponse) {
        var head = stored.head
        head.expire(at: Clock.timestamp())
        if let stale = stored.updated(head) { exchange.proxy.store.put(stale) }
    }

    func upstreamSent(_ bytes: ByteBuffer) {}

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        guard exchange.phase == .fetching else { return }
        exchange.finish()
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        guard exchange.phase == .fetching else { return }
        if !exchange.headIsSent, fallBack(failure.status == 504 ? .timeout : .unreachable) {
            exchange.proxy.counters.countOriginError(failure.rawValue)
            return
        }
        exchange.upstreamBroke(failure)
    }

    private func fallBack(_ failure: ErrorFallback.Failure) -> Bool {
        if case .status(let status) = failure, !ErrorFallback.isError(status) { return false }
        guard exchange.serveStale(failure) else { return false }
        exchange.call?.cancel()
        exchange.call = nil
        return true
    }
}
