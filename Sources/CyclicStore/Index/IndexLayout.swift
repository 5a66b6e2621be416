// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the 64 bits of an index slot are shared out: address, size class, fingerprint, uses. A small volume needs few address bits and
/// gives the rest to the fingerprint. Zero is an empty slot: no record has address 0, the header of stripe 0 is there.
struct IndexLayout: Hashable, Sendable {
    static let useBits = 4

    let addressBits: Int
    /// Where the fingerprint is in a slot.
    let fingerprintMask: UInt64
    var fingerprintBits: Int { 64 - addressBits - SizeClass.bits - Self.useBits }

    /// - Parameter totalUnits: Addresses lie below it.
    init(totalUnits: Int) {
        var bits = 16
        while bits < RecordAddress.bits, 1 << bits < totalUnits { bits += 1 }
        addressBits = bits
        fingerprintMask = (Self.withoutUses >> UInt64(bits + SizeClass.bits)) << UInt64(bits + SizeClass.bits)
    }

    @inline(__always)
    func fingerprint(_ hash: KeyHash) -> UInt64 { hash.low >> UInt64(64 - fingerprintBits) }

    /// A fingerprint at its place in a slot.
    @inline(__always)
    func placed(_ fingerprint: UInt64) -> UInt64 { fingerprint << UInt64(addressBits + SizeClass.bits) }

    func slot(fingerprint: UInt64, address: RecordAddress, units: Int) -> UInt64 {
        address.units | UInt64(SizeClass(holding: units).rawValue) << UInt64(addressBits)
            | fingerprint << UInt64(addressBits + SizeClass.bits)
    }

    @inline(__always)
    func address(_ slot: UInt64) -> RecordAddress { RecordAddress(units: slot & ((1 << UInt64(addressBits)) - 1)) }
    /// At least the record's length, in units of the record alignment.
    func unitsToRead(_ slot: UInt64) -> Int { SizeClass(rawValue: UInt8(slot >> UInt64(addressBits) & 63)).units }
    @inline(__always)
    func fingerprint(_ slot: UInt64) -> UInt64 { (slot << UInt64(Self.useBits)) >> UInt64(64 - fingerprintBits) }
    /// Uses since the record was written.
    @inline(__always)
    func uses(_ slot: UInt64) -> UseClass { UseClass(fourBits: slot >> Self.useShift) }
    @inline(__always)
    func setting(_ uses: UseClass, in slot: UInt64) -> UInt64 { slot & Self.withoutUses | UInt64(uses.rawValue) << Self.useShift }

    private static let useShift = UInt64(64 - useBits)
    private static let withoutUses = UInt64.max >> UInt64(useBits)
}
