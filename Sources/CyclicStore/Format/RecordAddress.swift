// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where a record begins in its volume, in units of the volume's record alignment counted from stripe 0.
struct RecordAddress: Hashable, Sendable {
    /// Bits of an address in the index.
    static let bits = 36
    static let maxUnits = 1 << bits
    /// Bounds the size classes of the index: a record is at most this many units long.
    static let maxUnitsPerStripe = 1 << 14

    var units: UInt64

    init(units: UInt64) { self.units = units }

    init(stripe: Int, unitsPerStripe: Int, unitInStripe: Int) {
        units = UInt64(stripe) * UInt64(unitsPerStripe) + UInt64(unitInStripe)
    }

    /// - Parameter unitsPerStripe: A power of two.
    func stripe(unitsPerStripe: Int) -> Int { Int(units >> UInt64(unitsPerStripe.trailingZeroBitCount)) }
    /// - Parameter unitsPerStripe: A power of two.
    func unitInStripe(unitsPerStripe: Int) -> Int { Int(units) & (unitsPerStripe - 1) }
}
