// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// What a line of a trace is taken apart with: bytes in place, no copies.
extension UnsafeRawBufferPointer {
    /// The first place of a byte.
    @inline(__always)
    func firstByte(_ byte: UInt8) -> Int? {
        guard let baseAddress, let found = memchr(baseAddress, Int32(byte), count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }

    /// From a place to the end, or to another place.
    @inline(__always)
    func from(_ start: Int, to end: Int? = nil) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[start..<(end ?? count)]) }

    /// Without the spaces at both ends, and without the quotes around what is left.
    var bare: UnsafeRawBufferPointer {
        var (start, end) = (0, count)
        while start < end, self[start] == UInt8(ascii: " ") { start += 1 }
        while end > start, self[end - 1] == UInt8(ascii: " ") { end -= 1 }
        if end - start >= 2, self[start] == UInt8(ascii: "\""), self[end - 1] == UInt8(ascii: "\"") { (start, end) = (start + 1, end - 1) }
        return from(start, to: end)
    }

    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount, let baseAddress else { return false }
        return memcmp(baseAddress, word.utf8Start, count) == 0
    }

    /// A whole number that is not negative, of eighteen digits at most.
    var wholeNumber: Int? {
        guard !isEmpty, count < 19 else { return nil }
        var number = 0
        for byte in self {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }

    /// A number as people and programs write it, `12`, `1.5`, `-3` or `1e9`.
    var decimalNumber: Double? {
        if let whole = wholeNumber { return Double(whole) }
        if let point = firstByte(UInt8(ascii: ".")), count - point <= 10, let whole = from(0, to: point).wholeNumber,
            let digits = from(point + 1).wholeNumber
        {
            return Double(whole) + Double(digits) / Self.powersOfTen[count - point - 1]
        }
        guard let number = Double(String(decoding: self, as: UTF8.self)), number.isFinite else { return nil }
        return number
    }

    private static let powersOfTen: [Double] = (0...9).map { pow(10, Double($0)) }
}

/// Fields of a line, one after another.
struct LineFields {
    private let line: UnsafeRawBufferPointer
    private var position: Int

    init(_ line: UnsafeRawBufferPointer, from position: Int = 0) {
        self.line = line
        self.position = position
    }

    /// The next word between spaces; any number of spaces counts as one.
    @inline(__always)
    mutating func word() -> UnsafeRawBufferPointer? {
        while position < line.count, line[position] == UInt8(ascii: " ") { position += 1 }
        guard position < line.count else { return nil }
        let start = position
        position = line.from(start).firstByte(UInt8(ascii: " ")).map { $0 + start } ?? line.count
        return line.from(start, to: position)
    }

    /// What stands between here and the next comma, semicolon or tab, which may stand within quotes; nil at the end of the line.
    mutating func cell() -> UnsafeRawBufferPointer? {
        guard position <= line.count else { return nil }
        let start = position
        var isQuoted = false
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"):
                guard isQuoted else {
                    position += 1
                    return line.from(start, to: position - 1).bare
                }
            default: break
            }
            position += 1
        }
        position = line.count + 1
        return line.from(start).bare
    }
}
