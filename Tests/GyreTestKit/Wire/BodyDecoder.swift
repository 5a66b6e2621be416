// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Takes a body from a byte stream as its framing says (RFC 9112 §6 and §7.1), strict where a cache could go wrong.
struct BodyDecoder {
    /// How the end of a body is known.
    enum Framing: Equatable {
        case none
        case length(UInt64)
        case chunked
        case untilClose
    }

    enum Event {
        case bytes(ByteBuffer)
        case end(trailers: FieldLines)
    }

    private enum State {
        case ended
        case counted(UInt64)
        case chunkLine
        case chunk(UInt64)
        case chunkEnd
        case trailers
        case untilClose
    }

    private var state: State

    init(_ framing: Framing) {
        switch framing {
        case .none: state = .ended
        case .length(let count): state = .counted(count)
        case .chunked: state = .chunkLine
        case .untilClose: state = .untilClose
        }
    }

    /// The framing that the fields ask for; `otherwise` when they say nothing.
    static func framing(of fields: FieldLines, otherwise: Framing) throws -> Framing {
        let codings = fields.values("Transfer-Encoding")
        let lengths = fields.values("Content-Length")
        if let coding = codings.first {
            guard lengths.isEmpty else { throw TestKitError.bothLengthAndEncoding }
            guard codings.count == 1, FieldLines.isSame(coding, "chunked") else { throw TestKitError.unknownEncoding }
            return .chunked
        }
        guard let first = lengths.first else { return otherwise }
        guard lengths.count == 1, !first.isEmpty, first.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let length = UInt64(first) else {
            throw TestKitError.badLength
        }
        return .length(length)
    }

    /// The next piece, or the end; `nil` when more bytes must come first.
    ///
    /// - Parameter isAtEnd: nothing will be added to the buffer.
    mutating func next(from buffer: inout ByteBuffer, isAtEnd: Bool) throws -> Event? {
        while true {
            switch state {
            case .ended, .counted(0):
                state = .ended
                return .end(trailers: [:])
            case .counted(let count):
                guard let piece = try take(from: &buffer, atMost: count, isAtEnd: isAtEnd) else { return nil }
                state = .counted(count - UInt64(piece.readableBytes))
                return .bytes(piece)
            case .untilClose:
                if let piece = buffer.readSlice(length: buffer.readableBytes), piece.readableBytes > 0 { return .bytes(piece) }
                guard isAtEnd else { return nil }
                state = .ended
            case .chunkLine:
                guard let line = try takeLine(from: &buffer, isAtEnd: isAtEnd) else { return nil }
                let size = try Self.chunkSize(line)
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(0): state = .chunkEnd
            case .chunk(let count):
                guard let piece = try take(from: &buffer, atMost: count, isAtEnd: isAtEnd) else { return nil }
                state = .chunk(count - UInt64(piece.readableBytes))
                return .bytes(piece)
            case .chunkEnd:
                guard let line = try takeLine(from: &buffer, isAtEnd: isAtEnd) else { return nil }
                guard line.isEmpty else { throw TestKitError.badChunk }
                state = .chunkLine
            case .trailers:
                guard let trailers = try takeTrailers(from: &buffer, isAtEnd: isAtEnd) else { return nil }
                state = .ended
                return .end(trailers: trailers)
            }
        }
    }

    private func take(from buffer: inout ByteBuffer, atMost count: UInt64, isAtEnd: Bool) throws -> ByteBuffer? {
        let length = Int(min(count, UInt64(buffer.readableBytes)))
        guard length > 0 else {
            if isAtEnd { throw TestKitError.closedEarly }
            return nil
        }
        return buffer.readSlice(length: length)
    }

    /// A line without its CR LF; `nil` while it is not whole.
    private func takeLine(from buffer: inout ByteBuffer, isAtEnd: Bool) throws -> ArraySlice<UInt8>? {
        let view = buffer.readableBytesView
        guard let lineFeed = view.firstIndex(of: 0x0A) else {
            if isAtEnd { throw TestKitError.closedEarly }
            if view.count > TestKitLimits.maxChunkLineBytes { throw TestKitError.badChunk }
            return nil
        }
        let line = [UInt8](view[view.startIndex..<lineFeed])
        buffer.moveReaderIndex(forwardBy: line.count + 1)
        guard line.last == 0x0D else { throw TestKitError.bareLineFeed }
        return line.dropLast()
    }

    private func takeTrailers(from buffer: inout ByteBuffer, isAtEnd: Bool) throws -> FieldLines? {
        var ahead = buffer
        var lines: [ArraySlice<UInt8>] = []
        while let line = try takeLine(from: &ahead, isAtEnd: isAtEnd) {
            if line.isEmpty {
                buffer = ahead
                return try MessageHead.fields(of: lines)
            }
            lines.append(line)
            if buffer.readableBytes - ahead.readableBytes > TestKitLimits.maxHeadBytes { throw TestKitError.headTooLarge }
        }
        return nil
    }

    private static func chunkSize(_ line: ArraySlice<UInt8>) throws -> UInt64 {
        let digits = line.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }
        guard !digits.isEmpty, digits.count <= 16 else { throw TestKitError.badChunk }
        var size: UInt64 = 0
        for byte in digits {
            switch byte {
            case 0x30...0x39: size = size << 4 | UInt64(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: size = size << 4 | UInt64(byte.lowered - 0x61 + 10)
            default: throw TestKitError.badChunk
            }
        }
        return size
    }
}
