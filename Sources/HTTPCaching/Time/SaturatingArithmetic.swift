// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Int64 {
    /// The sum, or the nearest end of the range (RFC 9111 §1.2.2 asks for a cap where a calculation overflows).
    func addedSaturating(_ other: Int64) -> Int64 {
        let (value, overflow) = addingReportingOverflow(other)
        guard overflow else { return value }
        return other < 0 ? .min : .max
    }

    /// The difference, or the nearest end of the range.
    func subtractedSaturating(_ other: Int64) -> Int64 {
        let (value, overflow) = subtractingReportingOverflow(other)
        guard overflow else { return value }
        return other < 0 ? .max : .min
    }

    /// The product, or the nearest end of the range.
    func multipliedSaturating(by other: Int64) -> Int64 {
        let (value, overflow) = multipliedReportingOverflow(by: other)
        guard overflow else { return value }
        return (self < 0) == (other < 0) ? .max : .min
    }
}

extension UInt64 {
    /// The sum, or the greatest value.
    func addedSaturating(_ other: UInt64) -> UInt64 {
        let (value, overflow) = addingReportingOverflow(other)
        return overflow ? .max : value
    }
}
