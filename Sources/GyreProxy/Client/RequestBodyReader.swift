// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire
import NIOCore

/// Takes one request body out of the bytes of a connection.
struct RequestBodyReader: ~Copyable {
    enum Piece {
        case data(ByteBuffer)
        case end(trailers: HTTPFields)
        case needMore
        case failed(WireError)
    }

    private enum Phase {
        case length(UInt64)
        case chunked
        case done
    }

    private var phase: Phase
    private var chunks: ChunkedDecoder
    private var taken: UInt64 = 0
    private let maxBytes: UInt64

    init(_ framing: BodyFraming, limits: WireLimits, maxBytes: UInt64) {
        switch framing {
        case .none: phase = .done
        case .length(let count): phase = .length(count)
        case .chunked: phase = .chunked
        }
        chunks = ChunkedDecoder(limits: limits)
        self.maxBytes = maxBytes
    }

    var isDone: Bool {
        if case .done = phase { return true }
        return false
    }

    /// More content than allowed has come: only a chunked body can, a length is checked before.
    var isTooLong: Bool { taken > maxBytes }

    mutating func next(from buffer: inout ByteBuffer) -> Piece {
        switch phase {
        case .done:
            return .end(trailers: HTTPFields())
        case .length(0):
            phase = .done
            return .end(trailers: HTTPFields())
        case .length(let remaining):
            let count = Int(min(remaining, UInt64(buffer.readableBytes)))
            guard count > 0, let piece = buffer.readSlice(length: count) else { return .needMore }
            phase = .length(remaining - UInt64(count))
            return .data(piece)
        case .chunked:
            switch buffer.withUnsafeReadableBytes({ chunks.decode($0) }) {
            case .needMore:
                buffer.clear()
                return .needMore
            case .failed(let error):
                return .failed(error)
            case .data(let range):
                buffer.moveReaderIndex(forwardBy: range.lowerBound)
                taken += UInt64(range.count)
                guard let piece = buffer.readSlice(length: range.count) else { return .needMore }
                return .data(piece)
            case .end(let consumed):
                buffer.moveReaderIndex(forwardBy: consumed)
                phase = .done
                return .end(trailers: chunks.trailerBytes.withUnsafeBytes { FieldReader().fields(chunks.trailers, in: $0) })
            }
        }
    }
}
