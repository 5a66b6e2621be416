// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A number written with digits and at most one point, and the text that follows it.
///
/// Kept as integers so that `1.5GiB` is exact. Signs, exponents, digit separators and leading zeros are refused: each of them means
/// something else in some other program.
struct DecimalNumber {
    /// More digits than this cannot be meant, and could not be scaled without overflow.
    static let maxWholeDigits = 18
    static let maxFractionDigits = 6

    var whole: Int
    var fraction: Int
    /// 10 to the power of the number of digits after the point.
    var fractionScale: Int
    var hasPoint: Bool
    /// What follows the number: the unit.
    var rest: Substring

    /// Reads the number at the start of `text`; nil when there is none.
    init?(prefixOf text: String) {
        let utf8 = text.utf8
        var index = utf8.startIndex
        whole = 0
        fraction = 0
        fractionScale = 1
        hasPoint = false
        var digits = 0
        while index < utf8.endIndex, let digit = Self.digit(utf8[index]) {
            digits += 1
            guard digits <= Self.maxWholeDigits else { return nil }
            whole = whole * 10 + digit
            utf8.formIndex(after: &index)
        }
        guard digits > 0 else { return nil }
        guard digits == 1 || utf8.first != UInt8(ascii: "0") else { return nil }
        if index < utf8.endIndex, utf8[index] == UInt8(ascii: ".") {
            hasPoint = true
            utf8.formIndex(after: &index)
            var fractionDigits = 0
            while index < utf8.endIndex, let digit = Self.digit(utf8[index]) {
                fractionDigits += 1
                guard fractionDigits <= Self.maxFractionDigits else { return nil }
                fraction = fraction * 10 + digit
                fractionScale *= 10
                utf8.formIndex(after: &index)
            }
            guard fractionDigits > 0 else { return nil }
        }
        rest = text[index...]
    }

    /// The number times `unit`: the whole part of the product and whether nothing was cut off. Nil when it does not fit in an `Int`.
    func scaled(by unit: Int) -> (value: Int, isExact: Bool)? {
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // The scale is at most 10^6, so the fraction's part can only overflow for a unit far above any that exists here.
        let (part, partOverflow) = fraction.multipliedReportingOverflow(by: unit)
        guard !partOverflow else { return nil }
        let (sum, sumOverflow) = product.addingReportingOverflow(part / fractionScale)
        return sumOverflow ? nil : (sum, part % fractionScale == 0)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte - UInt8(ascii: "0")) : nil
    }
}
