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

/// Random words from the operating system. Zero words are never returned, so that zeroed disk never looks like an identity.
func systemRandomWords() -> (UInt64, UInt64) {
    var words: (UInt64, UInt64) = (0, 0)
    let status = withUnsafeMutableBytes(of: &words) { gyre_random($0.baseAddress, $0.count) }
    if status != 0 || words.0 == 0 || words.1 == 0 {
        var generator = SystemRandomNumberGenerator()
        words = (generator.next() | 1, generator.next() | 1)
    }
    return words
}
