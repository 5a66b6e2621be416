// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import NIOCore

/// What a fill tells an exchange that waits for it.
enum FillEvent: Sendable {
    /// An interim response; to the owner alone.
    case interim(status: Int, fields: HTTPFields)
    /// The response's head, as it came from the origin; to the owner alone.
    case response(UpstreamResponse, stored: StoredHead?, detail: String?, slice: FillSlice?)
    /// The head of a response that may be shared, to one who joined.
    case head(StoredHead, slice: FillSlice?)
    case body(ByteBuffer)
    case end(trailers: HTTPFields, detail: String?)
    /// The stored response is still good, and this is it.
    case validated(CachedResponse, status: Int, isKept: Bool)
    /// The stored parts are still good, and these are they.
    case validatedParts(PartialResponse, isKept: Bool)
    /// The origin answered a validation with an error, which is offered first to whoever has something stored.
    case originError(UpstreamResponse)
    case failed(UpstreamFailure)
    /// The response is not for this request: ask again by these variants, or alone.
    case released(VariantMarker?, alone: Bool)
}

/// One exchange that takes its answer from a fill. Touched on the fill's loop, but for the exchange, which is on its own.
///
/// Bytes go out against credit: an exchange gives it back when its connection can take more, so nothing piles up on a slow one.
final class FillReader {
    static let windowBytes = 512 * 1024

    let exchange: NIOLoopBound<Exchange>
    let request: CacheRequest
    /// The request that the fill was made for: it gets the response whatever it is.
    let isOwner: Bool
    /// The next byte to send.
    var position: UInt64 = 0
    /// Where the bytes end that are for this one, when they are not all.
    var end = UInt64.max
    var credit = FillReader.windowBytes
    var hasHead = false
    var isPumping = false

    init(_ exchange: NIOLoopBound<Exchange>, request: CacheRequest, isOwner: Bool) {
        self.exchange = exchange
        self.request = request
        self.isOwner = isOwner
    }

    /// Wants no more than these bytes.
    func take(_ slice: FillSlice?) {
        guard let slice else { return }
        position = slice.bytes.lowerBound
        end = slice.bytes.upperBound
    }

    func tell(_ event: FillEvent) {
        let loop = exchange.eventLoop
        if loop.inEventLoop {
            exchange.value.hear(event, as: UncheckedReader(self))
        } else {
            // The event holds the reader: another one at the same place in memory must not be taken for it.
            loop.execute { [exchange, reader = UncheckedReader(self)] in exchange.value.hear(event, as: reader) }
        }
    }
}

/// A reader on its way from the loop that made it to the fill's, where alone it is used. Elsewhere it is only compared.
struct UncheckedReader: @unchecked Sendable {
    // Unchecked: handed over once, never touched by its maker again.
    let reader: FillReader

    init(_ reader: FillReader) { self.reader = reader }
}

/// An exchange's hold on a fill, which may live on another loop.
struct FillHandle {
    let fill: NIOLoopBound<Fill>
    let reader: UncheckedReader

    private func onFill(_ work: @escaping @Sendable (Fill, FillReader) -> Void) {
        if fill.eventLoop.inEventLoop {
            work(fill.value, reader.reader)
        } else {
            fill.eventLoop.execute { [fill, reader] in work(fill.value, reader.reader) }
        }
    }

    func join() { onFill { $0.add($1) } }
    /// So many bytes have gone out.
    func give(_ credit: Int) { onFill { $0.give(credit, to: $1) } }
    /// The exchange wants no more; `finishes`: it was answered, so the fetch goes on for the cache.
    func leave(finishes: Bool) { onFill { $0.remove($1, finishes: finishes) } }
}
