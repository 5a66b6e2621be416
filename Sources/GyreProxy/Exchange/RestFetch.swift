// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import NIOCore

/// Receives the rest of a body of which the cache had only the beginning. Anything but the same representation breaks the answer off.
final class RestFetch: UpstreamReceiver {
    private let exchange: Exchange
    private var position: UInt64
    private let end: UInt64
    private let etag: String
    /// Bytes to pass over: the origin sent the whole.
    private var skips: UInt64 = 0

    init(exchange: Exchange, from position: UInt64, to end: UInt64, etag: String) {
        self.exchange = exchange
        self.position = position
        self.end = end
        self.etag = etag
    }

    func upstreamWantsBody() {}
    func upstreamInterim(status: Int, fields: HTTPFields) {}

    func upstreamResponded(_ response: UpstreamResponse) {
        guard response.fields[.eTag] == etag else { return giveUp() }
        switch response.status {
        case 206:
            guard let range = response.fields[.contentRange].flatMap({ ContentRange($0) })?.range, range.first == position else {
                return giveUp()
            }
        case 200:
            skips = position
        default:
            giveUp()
        }
    }

    private func giveUp() {
        exchange.call?.cancel()
        exchange.upstreamBroke(.malformed)
    }

    func upstreamSent(_ bytes: ByteBuffer) {
        var bytes = bytes
        let skipped = min(skips, UInt64(bytes.readableBytes))
        bytes.moveReaderIndex(forwardBy: Int(skipped))
        skips -= skipped
        let wanted = min(end - position, UInt64(bytes.readableBytes))
        guard let piece = bytes.readSlice(length: Int(wanted)) else { return }
        position += wanted
        exchange.relay(piece)
    }

    func upstreamEnded(trailers: HTTPFields) {
        exchange.call = nil
        guard position == end else { return exchange.upstreamBroke(.closedEarly) }
        exchange.sendEnd(trailers: HTTPFields())
        exchange.finish()
    }

    func upstreamFailed(_ failure: UpstreamFailure) { exchange.upstreamBroke(failure) }
}
