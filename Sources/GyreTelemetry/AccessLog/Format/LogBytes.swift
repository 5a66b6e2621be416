// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which bytes can stand in a line as they are.
enum LogBytes {
    /// Printable ASCII but for the quote and the backslash: plain in both layouts.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whether all eight bytes are plain. The usual bit tricks: subtracting sets the high bit of a byte below the bound; a borrow from a neighbour
    /// can only come out of a byte that is not plain either, so the answer for the whole word is exact.
    @inline(__always)
    static func arePlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones << 7
        @inline(__always) func zeros(_ value: UInt64) -> UInt64 { (value &- ones) & ~value }
        let controls = (word &- ones &* 0x20) & ~word
        let quotes = zeros(word ^ ones &* 0x22)
        let backslashes = zeros(word ^ ones &* 0x5C)
        let deletes = zeros(word ^ ones &* 0x7F)
        return (word | controls | quotes | backslashes | deletes) & highs == 0
    }

    /// Copies plain bytes up to the first that is not; returns how many.
    @inline(__always)
    static func copyPlain(_ bytes: UnsafeRawPointer, _ count: Int, _ line: inout LineCursor) -> Int {
        var done = 0
        while done + 8 <= count {
            let word = bytes.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            guard arePlain(word) else { break }
            line.put(word)
            done += 8
        }
        while done < count {
            let byte = bytes.load(fromByteOffset: done, as: UInt8.self)
            guard isPlain(byte) else { break }
            line.put(byte)
            done += 1
        }
        return done
    }
}
