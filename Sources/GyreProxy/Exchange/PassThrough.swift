// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// Receives a response that is only passed on.
final class PassThrough: UpstreamReceiver {
    private let exchange: Exchange

    init(exchange: Exchange) { self.exchange = exchange }

    func upstreamWantsBody() {
        guard let connection = exchange.connection else { return }
        if exchange.request.expectsContinue, !exchange.headIsSent, !sentContinue {
            sentContinue = true
            connection.write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
        connection.wantBody()
    }
    private var sentContinue = false

    func upstreamInterim(status: Int, fields: HTTPFields) { exchange.relayInterim(status: status, fields: fields) }

    func upstreamResponded(_ response: UpstreamResponse) {
        exchange.originMicroseconds = exchange.proxy.microseconds(since: exchange.request.startedAt)
        exchange.outcome.forwardStatus = response.status
        exchange.invalidate(response)
        if exchange.request.method == .post { exchange.storeAnswerToPost(response) }
        if exchange.refusesUnasked304(response) { return }
        exchange.relayHead(response)
    }

    func upstreamSent(_ bytes: ByteBuffer) {
        exchange.relay(bytes)
        exchange.keep(bytes)
    }

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        exchange.endKeeping(trailers: trailers)
        exchange.sendEnd(trailers: trailers)
        exchange.finish()
    }

    func upstreamSwitched(_ response: UpstreamResponse, _ peer: TunnelPeer) { exchange.switched(response, peer) }

    func upstreamFailed(_ failure: UpstreamFailure) { exchange.upstreamBroke(failure) }
}
