// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A length as a small number that is never too short and at most a quarter too long: two bits of mantissa, 52 classes up to 2^14 units.
struct SizeClass: Hashable, Sendable {
    static let bits = 6
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(holding units: Int) {
        var value = max(1, units)
        guard value > 4 else {
            rawValue = UInt8(value - 1)
            return
        }
        value -= 1
        let exponent = value.bitWidth - value.leadingZeroBitCount - 3
        rawValue = UInt8(exponent * 4 + (value >> exponent))
    }

    var units: Int {
        if rawValue < 4 { return Int(rawValue) + 1 }
        let exponent = Int(rawValue) / 4 - 1
        return ((4 + Int(rawValue) % 4) << exponent) + (1 << exponent)
    }
}
