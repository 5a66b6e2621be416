// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
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

    func upstreamInterim(status: Int, fields: HTTPFields) {
        guard exchange.request.minorVersion >= 1, !exchange.headIsSent else { return }
        var buffer = ByteBuffer()
        ResponseHeadWriter.writeStatusLine(status, to: &buffer)
        ResponseHeadWriter.write(HopByHop.endToEnd(fields, direction: .response), to: &buffer)
        buffer.writeStaticString("\r\n")
        exchange.write(buffer)
    }

    func upstreamResponded(_ response: UpstreamResponse) {
        exchange.originMicroseconds = exchange.proxy.microseconds(since: exchange.request.startedAt)
        exchange.outcome.forwardStatus = response.status
        exchange.invalidate(response)
        exchange.relayHead(response)
    }

    func upstreamSent(_ bytes: ByteBuffer) { exchange.relay(bytes) }

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        exchange.sendEnd(trailers: trailers)
        exchange.finish()
    }

    func upstreamFailed(_ failure: UpstreamFailure) { exchange.upstreamBroke(failure) }
}
