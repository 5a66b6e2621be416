// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

/// Identifies one formatting of one volume; stripes of an earlier life carry another and are ignored.
public struct VolumeID: Hashable, Sendable, CustomStringConvertible {
    /// First half.
    public var word0: UInt64
    /// Second half.
    public var word1: UInt64

    init(word0: UInt64, word1: UInt64) {
        self.word0 = word0
        self.word1 = word1
    }

    /// 32 hexadecimal digits.
    public var description: String {
        func digits(_ word: UInt64) -> String {
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return digits(word0) + digits(word1)
    }
}

/// A random word from the operating system.
func systemRandomWord() -> UInt64 {
    var word: UInt64 = 0
    let status = withUnsafeMutableBytes(of: &word) { gyre_random($0.baseAddress, $0.count) }
    guard status == 0 else {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
    return word
}
