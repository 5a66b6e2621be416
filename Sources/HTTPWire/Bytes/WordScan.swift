// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Tests on eight bytes at once. Each answers with the top bit of every byte that matched.
///
/// The lowest bit set is always exact. A borrow or a carry can only set a wrong bit above a right one, so the scanners look at
/// the lowest bit alone. (The method is the one of "Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has a zero byte".)
enum WordScan {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Bytes equal to `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, to byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & tops
    }

    /// Bytes below `bound`, which is at most 0x80.
    @inline(__always)
    static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- (ones &* UInt64(bound))) & ~word & tops
    }

    /// DEL and every byte that is not ASCII.
    @inline(__always)
    static func deleteOrAbove(_ word: UInt64) -> UInt64 {
        ((word &+ ones) | word) & tops
    }

    /// Bytes that end a field value: control characters but also HTAB, which the caller lets pass.
    @inline(__always)
    static func controls(_ word: UInt64) -> UInt64 {
        below(word, 0x20) | equal(word, to: ASCII.delete)
    }

    /// Bytes that end the path of a target, or ask for a closer look.
    @inline(__always)
    static func pathEnds(_ word: UInt64) -> UInt64 {
        below(word, 0x21) | deleteOrAbove(word) | equal(word, to: ASCII.question) | equal(word, to: ASCII.percent)
            | equal(word, to: ASCII.hash) | equal(word, to: ASCII.backslash)
    }

    /// Bytes that end the query of a target.
    @inline(__always)
    static func queryEnds(_ word: UInt64) -> UInt64 {
        below(word, 0x21) | deleteOrAbove(word) | equal(word, to: ASCII.hash)
    }

    /// Whether all eight bytes are letters, digits or `-`, of which nearly all field names consist. Exact for every byte.
    @inline(__always)
    static func isPlainName(_ word: UInt64) -> Bool {
        // All bytes are below 0x80 past this test, so that no sum below carries.
        guard word & tops == 0 else { return false }
        let folded = word | (ones &* 0x20)
        let letters = (folded &+ (ones &* 0x1F)) & ~(folded &+ (ones &* 0x05))
        let digits = (word &+ (ones &* 0x50)) & ~(word &+ (ones &* 0x46))
        let dashes = ~((word ^ (ones &* UInt64(ASCII.dash))) &+ (ones &* 0x7F))
        return (letters | digits | dashes) & tops == tops
    }

    /// The place of the lowest byte marked, 0 to 7. Only for marks that are not 0.
    @inline(__always)
    static func firstIndex(_ marks: UInt64) -> Int {
        marks.trailingZeroBitCount >> 3
    }
}
