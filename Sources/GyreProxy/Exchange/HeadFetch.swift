// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import NIOCore

/// Receives the answer to a HEAD, which also tells whether the stored answer to GET is still right (RFC 9111 §4.3.5).
final class HeadFetch: UpstreamReceiver {
    private let exchange: Exchange
    private let requestTime: Timestamp

    init(exchange: Exchange) {
        self.exchange = exchange
        requestTime = exchange.proxy.requestTime()
    }

    func upstreamWantsBody() {}
    func upstreamInterim(status: Int, fields: HTTPFields) { exchange.relayInterim(status: status, fields: fields) }

    func upstreamResponded(_ response: UpstreamResponse) {
        exchange.originMicroseconds = exchange.proxy.microseconds(since: exchange.request.startedAt)
        exchange.outcome.forwardStatus = response.status
        if let stored = exchange.stored {
            if fallBack(.status(response.status)) { return }
            update(stored, response)
        }
        exchange.relayHead(response)
    }

    private func update(_ stored: CachedResponse, _ response: UpstreamResponse) {
        let now = Clock.timestamp()
        let store = exchange.proxy.store
        let outcome = Revalidation.update(
            stored.head,
            request: exchange.cacheRequest,
            headStatus: response.status,
            headFields: response.fields,
            requestTime: requestTime,
            responseTime: now,
            policy: exchange.request.policy(exchange.proxy.configuration.caching, status: stored.head.status, fields: stored.head.fields),
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
            var head = stored.head
            head.expire(at: now)
            if let stale = stored.updated(head) { store.put(stale) }
            exchange.outcome.detail = mismatch.rawValue
        }
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
