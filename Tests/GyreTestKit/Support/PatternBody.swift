// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A body of any size that needs no memory: byte `i` is a function of the seed and `i` alone, so every part can be made and checked by itself.
///
/// Eight bytes at a time come from the SplitMix64 mixer (Steele, Lea and Flood, OOPSLA 2014).
public struct PatternBody: Sendable, Hashable {
    /// Bodies of different seeds differ almost everywhere.
    public let seed: UInt64
    /// Bytes in the whole body.
    public let count: Int

    /// - Parameter count: bytes; a negative count is an empty body.
    public init(seed: UInt64, count: Int) {
        self.seed = seed
        self.count = max(0, count)
    }

    /// The bytes of a part; what lies outside the body is left out. Cost: O(part).
    public func bytes(in range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        return [UInt8](unsafeUninitializedCapacity: range.count) { target, written in
            var index = range.lowerBound
            while index < range.upperBound {
                let word = word(index >> 3)
                let end = min((index | 7) + 1, range.upperBound)
                while index < end {
                    target[index - range.lowerBound] = UInt8(truncatingIfNeeded: word >> UInt64((index & 7) << 3))
                    index += 1
                }
            }
            written = range.count
        }
    }

    /// All bytes.
    public func bytes() -> [UInt8] { bytes(in: 0..<count) }

    /// Where the bytes first differ from the part of the body that begins at `offset`, as a position in the body; `nil` when they are equal.
    /// Bytes beyond the body's end differ.
    public func firstMismatch(_ bytes: some Collection<UInt8>, at offset: Int = 0) -> Int? {
        var index = offset
        var word: UInt64 = 0
        var wordIndex = -1
        for byte in bytes {
            guard index >= 0, index < count else { return index }
            if index >> 3 != wordIndex {
                wordIndex = index >> 3
                word = self.word(wordIndex)
            }
            if byte != UInt8(truncatingIfNeeded: word >> UInt64((index & 7) << 3)) { return index }
            index += 1
        }
        return nil
    }

    /// Whether the bytes are exactly that part of the body.
    public func matches(_ bytes: some Collection<UInt8>, at offset: Int = 0) -> Bool {
        firstMismatch(bytes, at: offset) == nil
    }

    private func word(_ index: Int) -> UInt64 {
        var mixed = seed &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
