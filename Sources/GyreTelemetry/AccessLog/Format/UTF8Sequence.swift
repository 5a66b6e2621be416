// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Well-formed sequences of UTF-8 (The Unicode Standard, table 3-7).
enum UTF8Sequence {
    /// The length of the sequence of two to four bytes at `bytes`, or 0 when what is there is not one.
    static func length(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        let first = bytes.load(as: UInt8.self)
        let length: Int
        // The second byte's range keeps out overlong forms, surrogates and what is above U+10FFFF.
        let second: ClosedRange<UInt8>
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard count >= length, second.contains(bytes.load(fromByteOffset: 1, as: UInt8.self)) else { return 0 }
        for offset in 2..<max(2, length) where bytes.load(fromByteOffset: offset, as: UInt8.self) & 0xC0 != 0x80 { return 0 }
        return length
    }
}
