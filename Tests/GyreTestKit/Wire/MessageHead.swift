// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// A start line and its fields, cut from the front of a buffer.
struct MessageHead: Sendable {
    var startLine: String
    var fields: FieldLines
    /// The exact bytes with the empty line at the end.
    var raw: [UInt8]

    /// Takes a head from the buffer; `nil` while its end has not arrived.
    static func take(from buffer: inout ByteBuffer) throws -> MessageHead? {
        let view = buffer.readableBytesView
        guard let end = headEnd(view) else {
            if view.count > TestKitLimits.maxHeadBytes { throw TestKitError.headTooLarge }
            // A stray LF is told at once: a head with one would else wait for an end that never comes.
            try refuseBareLineFeed(view)
            return nil
        }
        guard end - view.startIndex <= TestKitLimits.maxHeadBytes else { throw TestKitError.headTooLarge }
        let raw = [UInt8](view[view.startIndex..<end])
        try refuseBareLineFeed(raw)
        buffer.moveReaderIndex(forwardBy: raw.count)
        var lines = raw.split(separator: 0x0A, omittingEmptySubsequences: false).map { $0.dropLast() }
        // "…CRLF CRLF" leaves one empty line and the nothing behind the last LF.
        lines.removeLast(2)
        guard let first = lines.first, !first.isEmpty else { throw TestKitError.badStartLine }
        return MessageHead(
            startLine: String(decoding: first, as: UTF8.self),
            fields: try fields(of: lines.dropFirst()),
            raw: raw
        )
    }

    static func fields(of lines: some Sequence<ArraySlice<UInt8>>) throws -> FieldLines {
        var fields: FieldLines = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex, !line.contains(0x0D),
                !line[..<colon].contains(where: { $0 <= 0x20 || $0 >= 0x7F })
            else { throw TestKitError.badFieldLine }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            fields.append(String(decoding: line[..<colon], as: UTF8.self), String(value[...].trimmingBlanks()))
        }
        return fields
    }

    /// The index behind CR LF CR LF.
    private static func headEnd(_ view: ByteBufferView) -> Int? {
        var matched = 0
        for (index, byte) in zip(view.indices, view) {
            switch (matched, byte) {
            case (0, 0x0D), (2, 0x0D), (1, 0x0A): matched += 1
            case (3, 0x0A): return index + 1
            case (_, 0x0D): matched = 1
            default: matched = 0
            }
        }
        return nil
    }

    private static func refuseBareLineFeed(_ bytes: some Sequence<UInt8>) throws {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0A, previous != 0x0D { throw TestKitError.bareLineFeed }
            previous = byte
        }
    }
}
