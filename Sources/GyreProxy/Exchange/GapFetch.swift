// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// Receives the bytes that are missing between stored parts, and answers from both (RFC 9110 §15.3.7.3, RFC 9111 §3.4).
///
/// What comes is joined only when the strong validators match; when the representation has changed, the new whole is stored and passed on.
final class GapFetch: UpstreamReceiver {
    private let exchange: Exchange
    private let partial: PartialResponse
    private let gap: ByteRange
    /// The answer when the gap is what was asked for.
    private let answer: PartialAnswer
    private let requestTime: Timestamp
    private var stream: BodyStream?

    init(exchange: Exchange, partial: PartialResponse, gap: ByteRange, answer: PartialAnswer) {
        self.exchange = exchange
        self.partial = partial
        self.gap = gap
        self.answer = answer
        requestTime = exchange.proxy.requestTime()
    }

    func upstreamWantsBody() {}
    func upstreamInterim(status: Int, fields: HTTPFields) { exchange.relayInterim(status: status, fields: fields) }

    func upstreamResponded(_ response: UpstreamResponse) {
        exchange.originMicroseconds = exchange.proxy.microseconds(since: exchange.request.startedAt)
        exchange.outcome.forwardStatus = response.status
        let decision = exchange.storeDecision(response, requestTime: requestTime)
        if response.status == 206, case .store(let head) = decision, head.partial?.range == gap,
            PartialCombination.decide(stored: partial.head, new: head) == .combine
        {
            return join(head, response)
        }
        if response.status == 206 {
            // Something else than was asked for: the client's own request goes on as it is.
            exchange.call?.cancel()
            exchange.call = nil
            exchange.proxy.store.remove(partial.key)
            exchange.partial = nil
            exchange.partsSuffice = false
            return exchange.fetchForCache(conditions: HTTPFields())
        }
        if exchange.refusesUnasked304(response) { return }
        exchange.result = .miss
        if case .store(let head) = decision { exchange.beginKeeping(head, response) }
        exchange.relayHead(response)
    }

    private func join(_ head: StoredHead, _ response: UpstreamResponse) {
        exchange.result = .miss
        exchange.beginKeeping(head, response)
        let combined = PartialCombination.combinedHead(stored: partial.head, new: head).asWhole(byteCount: partial.completeLength)
        // The origin is read when its turn comes.
        exchange.mayReadOrigin = false
        exchange.updateReading()
        exchange.outcome.source = .origin
        exchange.receivedMinorVersion = response.minorVersion
        stream = exchange.sendPartial(answer, head: combined, fields: combined.fields, from: partial, gap: gap)
    }

    func upstreamSent(_ bytes: ByteBuffer) {
        exchange.keep(bytes)
        guard let stream else { return exchange.relay(bytes) }
        exchange.proxy.counters.countOriginResponse(bytes: bytes.readableBytes)
        stream.originSent(bytes)
    }

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        exchange.endKeeping(trailers: trailers)
        // Stored bytes may still be going out behind the origin's.
        if let stream, !stream.isOver { return }
        guard exchange.phase == .fetching else { return }
        exchange.sendEnd(trailers: trailers)
        exchange.finish()
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        stream?.cancel()
        exchange.upstreamBroke(failure)
    }
}
