// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The secret that keys a store's hash, so that nobody outside can choose keys that collide. It is kept in the superblock.
package struct HashSecret: Hashable, Sendable {
    /// First half.
    package var word0: UInt64
    /// Second half.
    package var word1: UInt64

    /// A secret from its two halves.
    package init(word0: UInt64, word1: UInt64) {
        self.word0 = word0
        self.word1 = word1
    }

    /// SipHash-1-3 with 128 bits of output (Aumasson and Bernstein, INDOCRYPT 2012): about one nanosecond per eight bytes.
    package func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash {
        var v0 = word0 ^ 0x736f_6d65_7073_6575
        var v1 = word1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        var v2 = word0 ^ 0x6c79_6765_6e65_7261
        var v3 = word1 ^ 0x7465_6462_7974_6573

        @inline(__always) func round() {
            v0 &+= v1
            v1 = (v1 << 13 | v1 >> 51) ^ v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = (v3 << 16 | v3 >> 48) ^ v2
            v0 &+= v3
            v3 = (v3 << 21 | v3 >> 43) ^ v0
            v2 &+= v1
            v1 = (v1 << 17 | v1 >> 47) ^ v2
            v2 = v2 << 32 | v2 >> 32
        }

        let wholeWords = bytes.count / 8
        for index in 0..<wholeWords {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            v3 ^= word
            round()
            v0 ^= word
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for index in (wholeWords * 8)..<bytes.count {
            last |= UInt64(bytes[index]) << UInt64((index & 7) * 8)
        }
        v3 ^= last
        round()
        v0 ^= last

        v2 ^= 0xee
        round()
        round()
        round()
        let high = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        round()
        round()
        round()
        return KeyHash(high: high, low: v0 ^ v1 ^ v2 ^ v3)
    }
}
