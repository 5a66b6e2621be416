// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The place in a block where the next byte goes.
///
/// Unsafe, and so it is small: nothing here asks for room. ``AccessLogBuffer`` does so once for each line, with a bound on the longest that its
/// fields can become; what is asserted here is checked in every test.
struct LineCursor {
    private(set) var next: UnsafeMutableRawPointer
    private let end: UnsafeMutableRawPointer

    init(_ next: UnsafeMutableRawPointer, end: UnsafeMutableRawPointer) {
        self.next = next
        self.end = end
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        assert(next < end)
        next.storeBytes(of: byte, as: UInt8.self)
        next += 1
    }

    @inline(__always)
    mutating func put(_ text: StaticString) {
        copy(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func copy(_ start: UnsafeRawPointer, _ count: Int) {
        assert(next + count <= end)
        next.copyMemory(from: start, byteCount: count)
        next += count
    }

    /// Eight bytes at once.
    @inline(__always)
    mutating func put(_ word: UInt64) {
        assert(next + 8 <= end)
        next.storeBytes(of: word, as: UInt64.self)
        next += 8
    }

    mutating func put(decimal value: Int) {
        if value < 0 { put(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        var digits = 1
        var bound: UInt = 10
        while magnitude >= bound, digits < 20 {
            digits += 1
            let (product, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = product
        }
        put(digits: digits, of: magnitude)
    }

    /// The last `count` digits, with zeros in front.
    @inline(__always)
    mutating func put(digits count: Int, of value: UInt) {
        assert(next + count <= end)
        var rest = value
        var place = next + count
        while place > next {
            place -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            place.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit), as: UInt8.self)
            rest = quotient
        }
        next += count
    }

    @inline(__always)
    mutating func put(hex byte: UInt8) {
        put(Self.hexDigit(byte >> 4))
        put(Self.hexDigit(byte & 15))
    }

    @inline(__always)
    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") - 10 + value
    }
}
