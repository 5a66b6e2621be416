// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What an origin sends as a body: pieces in order, some of which are no bytes but events.
public struct OriginBody: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral {
    /// One piece. With chunked framing each piece of bytes is a chunk of its own (a generated body is cut into 64 KiB).
    public enum Piece: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        /// Bytes.
        case bytes([UInt8])
        /// A part of a generated body.
        case pattern(PatternBody, Range<Int>)
        /// Nothing goes out until the gate lets through.
        case gate(Gate)
        /// Closes the connection in order, whatever is missing.
        case close
        /// Resets the connection.
        case reset
        /// Sends nothing more and keeps the connection until the peer closes it.
        case silence

        /// The text's UTF-8 bytes.
        public init(stringLiteral value: String) { self = .bytes(Array(value.utf8)) }
    }

    /// The pieces in order.
    public var pieces: [Piece]

    /// A body of pieces.
    public init(_ pieces: [Piece]) { self.pieces = pieces }

    /// The text's UTF-8 bytes.
    public init(stringLiteral value: String) { pieces = value.isEmpty ? [] : [.bytes(Array(value.utf8))] }

    /// A body of pieces.
    public init(arrayLiteral elements: Piece...) { pieces = elements }

    /// No bytes.
    public static let empty = OriginBody([])

    /// These bytes.
    public static func bytes(_ bytes: [UInt8]) -> OriginBody { OriginBody([.bytes(bytes)]) }

    /// A whole generated body.
    public static func pattern(_ body: PatternBody) -> OriginBody { OriginBody([.pattern(body, 0..<body.count)]) }

    /// The bytes that would go out if nothing cut them short.
    public var count: Int {
        pieces.reduce(0) { sum, piece in
            switch piece {
            case .bytes(let bytes): sum + bytes.count
            case .pattern(let body, let range): sum + range.clamped(to: 0..<body.count).count
            case .gate, .close, .reset, .silence: sum
            }
        }
    }
}
