// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension WireBytes {
    /// Whether these bytes are `word` but for the case of letters. `word` is in lower case.
    @inline(__always)
    func equals(lowercase word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let expected = word.utf8Start
        for index in 0..<count where ASCII.lowercased(self[index]) != expected[index] { return false }
        return true
    }

    /// Whether these bytes are exactly `word`.
    @inline(__always)
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        let expected = word.utf8Start
        for index in 0..<count where self[index] != expected[index] { return false }
        return true
    }

    /// Whether both are the same but for the case of letters.
    func equalsIgnoringCase(_ other: WireBytes) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where ASCII.lowercased(self[index]) != ASCII.lowercased(other[index]) { return false }
        return true
    }

    /// A decimal number of at most 63 bits; nil when empty, too large, or anything but digits.
    func decimal() -> UInt64? {
        // 19 digits always fit 64 bits, so that no step can overflow.
        guard count > 0, count <= 19 else { return nil }
        var value: UInt64 = 0
        for index in 0..<count {
            let digit = self[index] &- ASCII.zero
            guard digit < 10 else { return nil }
            value = value &* 10 &+ UInt64(digit)
        }
        return value <= UInt64(Int64.max) ? value : nil
    }
}
