// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Span<UInt8> {
    /// Whether these bytes are the given text, letter by letter.
    func matches(_ text: StaticString, at start: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard start >= 0, start <= self.count - count else { return false }
        for index in 0..<count where self[start + index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether a part of these bytes is the given lower-case text in any case.
    func matchesIgnoringCase(_ range: Range<Int>, _ lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount, range.upperBound <= count else { return false }
        var position = range.lowerBound
        for index in 0..<lowercase.utf8CodeUnitCount {
            if ASCII.lowercased(self[position]) != lowercase.utf8Start[index] { return false }
            position += 1
        }
        return true
    }

    /// The first place of a byte at or after a position.
    func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// A range without the optional white space at its ends (RFC 9110 §5.6.3).
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, ASCII.isOptionalSpace(self[lower]) { lower += 1 }
        while upper > lower, ASCII.isOptionalSpace(self[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// Whether a range is a token (RFC 9110 §5.6.2).
    func isToken(_ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        for index in range where !ASCII.isTokenByte(self[index]) { return false }
        return true
    }

    /// A number of decimal digits and nothing else, saturating at `limit`; `nil` when there is none or another byte.
    func decimal(_ range: Range<Int>, limit: Int64 = .max) -> Int64? {
        guard !range.isEmpty else { return nil }
        var value: Int64 = 0
        for index in range {
            guard let digit = ASCII.digitValue(self[index]) else { return nil }
            value = Swift.min(value.multipliedSaturating(by: 10).addedSaturating(digit), limit)
        }
        return value
    }

    /// A part as text in lower case.
    func lowercasedString(_ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(ASCII.lowercased(self[index])) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A part as bytes.
    func copied(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(self[index]) }
        return bytes
    }

    /// Whether two runs of bytes are equal.
    func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }
}
