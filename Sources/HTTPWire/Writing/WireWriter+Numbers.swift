// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension WireWriter {
    /// The most bytes that ``chunkHeader(_:)`` writes: sixteen digits and CRLF.
    public static let maxChunkHeaderBytes = 18
    /// The most bytes that ``decimal(_:)`` writes.
    public static let maxDecimalBytes = 20

    /// Writes a number in decimal digits.
    public mutating func decimal(_ value: UInt64) {
        let digits = Self.decimalDigits(value)
        guard let to = room(for: digits) else { return }
        var rest = value
        var place = digits
        while place > 0 {
            place &-= 1
            let quotient = rest / 10
            to.storeBytes(of: UInt8(truncatingIfNeeded: rest &- quotient &* 10) &+ 0x30, toByteOffset: place, as: UInt8.self)
            rest = quotient
        }
    }

    /// Writes a number in lower-case hexadecimal digits.
    public mutating func hexadecimal(_ value: UInt64) {
        let digits = Swift.max(1, (67 &- value.leadingZeroBitCount) / 4)
        guard let to = room(for: digits) else { return }
        var rest = value
        var place = digits
        while place > 0 {
            place &-= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            to.storeBytes(of: digit < 10 ? digit &+ 0x30 : digit &+ 0x57, toByteOffset: place, as: UInt8.self)
            rest >>= 4
        }
    }

    /// Writes the line before the data of a chunk (RFC 9112 §7.1). Of no bytes there is no chunk: a size of 0 would end the body, and is a problem.
    public mutating func chunkHeader(_ byteCount: UInt64) {
        guard byteCount > 0 else { return fail(.badBytes) }
        hexadecimal(byteCount)
        endOfLine()
    }

    /// Writes the line after the data of a chunk.
    public mutating func chunkEnd() {
        endOfLine()
    }

    /// Writes the last chunk. Trailer fields follow, then ``endOfLine()``.
    public mutating func lastChunk() {
        literal("0\r\n")
    }

    /// How many digits ``decimal(_:)`` writes for a value.
    public static func decimalDigits(_ value: UInt64) -> Int {
        var digits = 1
        var bound: UInt64 = 10
        while value >= bound {
            digits &+= 1
            if digits == maxDecimalBytes { break }
            bound &*= 10
        }
        return digits
    }
}
