// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore

/// Sends an answer's body that is made of several pieces, one after the other: made bytes, stored bytes, and bytes that the origin sends.
final class BodyStream {
    enum Segment {
        /// Bytes that were made here: the heads of parts.
        case bytes(ByteBuffer)
        /// A run of a stored body.
        case stored(CachedResponse, Range<UInt64>)
        /// A run of a part that is stored under this key; positions are the part's own.
        case part(StoreKey, Range<UInt64>)
        /// So many bytes from the fetch that is under way.
        case origin(UInt64)
    }

    private let exchange: Exchange
    private var segments: CircularBuffer<Segment>
    private var fragments: FragmentStream?
    /// Bytes the origin still has to send for the segment in hand.
    private(set) var originBytesLeft: UInt64 = 0
    private var isWaiting = false
    private var isPumping = false
    private(set) var isOver = false

    init(exchange: Exchange, segments: [Segment]) {
        self.exchange = exchange
        self.segments = CircularBuffer(segments)
    }

    func start() { pump() }

    func cancel() {
        isOver = true
        fragments?.cancel()
    }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if let fragments { return fragments.clientWritabilityChanged(isWritable) }
        if isWritable { pump() }
    }

    /// Takes bytes from the origin; those that are for this client go out.
    func originSent(_ bytes: ByteBuffer) {
        var bytes = bytes
        let wanted = min(originBytesLeft, UInt64(bytes.readableBytes))
        guard wanted > 0, !isOver, let piece = bytes.readSlice(length: Int(wanted)) else { return }
        originBytesLeft -= wanted
        exchange.sendBody(piece)
        if originBytesLeft == 0 { pump() } else { exchange.updateReading() }
    }

    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while !isOver, !isWaiting, fragments == nil, originBytesLeft == 0 {
            guard exchange.clientIsWritable else { return }
            guard let segment = segments.popFirst() else {
                isOver = true
                exchange.sendEnd(trailers: HTTPFields())
                return exchange.finish()
            }
            switch segment {
            case .bytes(let bytes): exchange.sendBody(bytes)
            case .stored(let response, let range): send(response, range)
            case .part(let key, let range): read(key, range)
            case .origin(let count):
                originBytesLeft = count
                exchange.mayReadOrigin = true
                exchange.updateReading()
            }
        }
    }

    private func read(_ key: StoreKey, _ range: Range<UInt64>) {
        isWaiting = true
        exchange.get(key) { [self] _, found, _ in
            isWaiting = false
            guard !isOver else { return }
            guard let response = found as? CachedResponse, range.upperBound <= response.bodyByteCount else { return lost() }
            send(response, range)
            pump()
        }
    }

    private func send(_ response: CachedResponse, _ range: Range<UInt64>) {
        if let map = response.fragments {
            let stream = FragmentStream(exchange: exchange, map: map, range: range, onEnd: { [self] in fragmentsEnded() }) { [self] _ in
                lost()
            }
            fragments = stream
            stream.start()
        } else if let piece = response.body.getSlice(at: response.body.readerIndex + Int(range.lowerBound), length: range.count) {
            exchange.sendBody(piece)
        } else {
            lost()
        }
    }

    private func fragmentsEnded() {
        fragments = nil
        pump()
    }

    /// Bytes that were stored are gone, and the head is out: what remains cannot be said in one more request, so the answer breaks off.
    private func lost() {
        guard !isOver else { return }
        isOver = true
        exchange.mayReadOrigin = true
        exchange.updateReading()
        exchange.fail(status: 502, reason: "fragments-lost")
    }
}
