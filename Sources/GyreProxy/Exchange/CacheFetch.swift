// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// Receives a response that the cache asked for: stores it while it passes, or finds that the stored one is still good.
final class CacheFetch: UpstreamReceiver {
    private let exchange: Exchange
    private let isConditional: Bool
    private let requestTime = Clock.timestamp()

    init(exchange: Exchange, isConditional: Bool) {
        self.exchange = exchange
        self.isConditional = isConditional
    }

    private var proxy: LoopContext { exchange.proxy }
    private var policy: CachingPolicy { proxy.configuration.caching }

    func upstreamWantsBody() {}

    func upstreamInterim(status: Int, fields: HTTPFields) { exchange.relayInterim(status: status, fields: fields) }

    func upstreamResponded(_ response: UpstreamResponse) {
        let now = Clock.timestamp()
        exchange.originMicroseconds = proxy.microseconds(since: exchange.request.startedAt)
        exchange.outcome.forwardStatus = response.status
        if isConditional, response.status == 304 { return notModified(response, now) }
        if let stored = exchange.stored, ErrorFallback.isError(response.status) {
            let fallback = ErrorFallback.decide(
                request: exchange.cacheRequest,
                stored: stored.head,
                failure: .status(response.status),
                now: now,
                policy: policy
            )
            if case .serveStored(let reason, let served) = fallback {
                stopFetching()
                return exchange.serve(served, reason: reason.rawValue, result: .stale)
            }
        }
        store(response, now)
    }

    private func stopFetching() {
        exchange.call?.cancel()
        exchange.call = nil
    }

    // MARK: 304

    private func notModified(_ response: UpstreamResponse, _ now: Timestamp) {
        guard let stored = exchange.stored else { return exchange.upstreamBroke(.malformed) }
        let outcome = Revalidation.update(
            stored.head,
            request: exchange.cacheRequest,
            notModified: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: policy
        )
        switch outcome {
        case .updated(let head):
            guard let updated = stored.updated(head) else { return exchange.upstreamBroke(.malformed) }
            proxy.store.put(updated)
            exchange.stored = updated
            exchange.outcome.isStored = true
        case .serveOnce(let head, let reason):
            if !reason.isAboutRequest { proxy.store.remove(stored.key) }
            guard let updated = stored.updated(head) else { return exchange.upstreamBroke(.malformed) }
            exchange.stored = updated
            proxy.counters.countNotStored(reason.rawValue)
        case .refused(let mismatch):
            // The origin speaks of another representation: ask again, without conditions.
            proxy.store.remove(stored.key)
            exchange.stored = nil
            exchange.outcome.detail = mismatch.rawValue
            return exchange.fetchForCache(conditions: HTTPFields())
        }
        guard let fresh = exchange.stored else { return }
        exchange.serve(
            ReuseDecision.Served(validated: fresh.head, at: now),
            reason: exchange.outcome.detail,
            result: .revalidated
        )
    }

    // MARK: Storing

    private func store(_ response: UpstreamResponse, _ now: Timestamp) {
        let decision = StoreDecision.decide(
            request: exchange.cacheRequest,
            status: response.status,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: policy,
            jitter: Double.random(in: 0..<1)
        )
        exchange.result = .miss
        switch decision {
        case .store(let head) where head.partial == nil:
            exchange.beginKeeping(head, response)
            // The client's own preconditions were kept from the origin: they are judged now.
            if Preconditions.evaluate(request: exchange.cacheRequest, stored: head, policy: policy) == .notModified {
                exchange.outcome.source = .origin
                exchange.sendHead(status: 304, fields: NotModifiedResponse.fields(from: head), length: .none)
                return
            }
        case .store:
            refuse(.partialUnsupported, response)
        case .refuse(let reason):
            refuse(reason, response)
        }
        exchange.relayHead(response)
    }

    private func refuse(_ reason: NoStoreReason, _ response: UpstreamResponse) {
        proxy.counters.countNotStored(reason.rawValue)
        exchange.outcome.detail = reason.rawValue
        exchange.result = .bypass
        // A response that may not be stored tells that the stored one is no longer what the origin has; an error tells nothing.
        if let stored = exchange.stored, !reason.isAboutRequest, response.status < 500 { proxy.store.remove(stored.key) }
    }

    func upstreamSent(_ bytes: ByteBuffer) {
        exchange.relay(bytes)
        exchange.keep(bytes)
    }

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        exchange.endKeeping(trailers: trailers)
        // A validation that turned into an answer from the store ends there.
        guard exchange.phase == .fetching else { return }
        exchange.sendEnd(trailers: trailers)
        exchange.finish()
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        guard exchange.phase == .fetching else { return }
        if !exchange.headIsSent, let stored = exchange.stored {
            let kind: ErrorFallback.Failure = failure.status == 504 ? .timeout : .unreachable
            let fallback = ErrorFallback.decide(
                request: exchange.cacheRequest,
                stored: stored.head,
                failure: kind,
                now: Clock.timestamp(),
                policy: policy
            )
            switch fallback {
            case .serveStored(let reason, let served):
                proxy.counters.countOriginError(failure.rawValue)
                exchange.call = nil
                return exchange.serve(served, reason: reason.rawValue, result: .stale)
            case .gatewayTimeout:
                // What may not be used without validation cannot be validated (RFC 9111 §5.2.2.2).
                proxy.counters.countOriginError(failure.rawValue)
                exchange.call = nil
                return exchange.fail(status: 504, reason: failure.rawValue)
            case .forwardError:
                break
            }
        }
        exchange.upstreamBroke(failure)
    }
}
