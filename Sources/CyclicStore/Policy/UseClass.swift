// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A number of uses in four bits: exact up to 4, then two classes to each doubling, up to 256 and more.
///
/// Counting up through the classes is by chance (Morris, Communications of the ACM 1978): the step from one class to the next is taken
/// with the probability that makes the class right on average. Weakness: one record's class may be off by a class or two.
package struct UseClass: Hashable, Comparable, Sendable, RawRepresentable {
    /// 0 to 15.
    package let rawValue: UInt8

    /// Nil above 15.
    package init?(rawValue: UInt8) {
        guard rawValue < 16 else { return nil }
        self.rawValue = rawValue
    }

    /// The four low bits of a number.
    @inline(__always)
    package init(fourBits: UInt64) { rawValue = UInt8(truncatingIfNeeded: fourBits & 15) }

    /// The highest class whose ``uses`` are not above this number.
    package init(uses: Int) {
        var value: UInt8 = 0
        while value < 15, Self.floor(of: value + 1) <= uses { value += 1 }
        rawValue = value
    }

    /// The class below or above a number, by chance, so that ``uses`` is the number on average; the highest above 256.
    /// - Parameter random: Any 32 bits.
    package init(uses: Float, random: UInt32) {
        var value: UInt8 = 0
        while value < 15, Float(Self.floor(of: value + 1)) <= uses { value += 1 }
        if value < 15 {
            let (below, above) = (Float(Self.floor(of: value)), Float(Self.floor(of: value + 1)))
            if Float(random >> 8) * (above - below) < (uses - below) * Float(1 << 24) { value += 1 }
        }
        rawValue = value
    }

    /// No use.
    package static let none = UseClass(fourBits: 0)
    /// The highest: 256 uses and more.
    package static let most = UseClass(fourBits: 15)

    /// The lowest number of uses in the class: 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256.
    @inline(__always)
    package var uses: Int { Self.floor(of: rawValue) }

    @inline(__always)
    private static func floor(of value: UInt8) -> Int {
        if value < 4 { return Int(value) }
        if value == 15 { return 256 }
        // Classes come in pairs: a power of two and half as much again.
        return (value & 1 == 0 ? 4 : 6) << Int(value / 2 - 2)
    }

    /// The class after one more use.
    /// - Parameter random: Any 32 bits; only classes above 4 uses look at them.
    @inline(__always)
    package func addingUse(random: UInt32) -> UseClass {
        if rawValue < 4 { return UseClass(fourBits: UInt64(rawValue) + 1) }
        if rawValue == 15 { return self }
        // All widths but the last two are powers of two, and those two are 32 and 128.
        let width = UInt32(Self.floor(of: rawValue + 1) - uses)
        return random & (width - 1) == 0 ? UseClass(fourBits: UInt64(rawValue) + 1) : self
    }

    /// Half the uses, rounded down: what is left of them after one more turn.
    package var halved: UseClass { UseClass(uses: uses / 2) }

    package static func < (a: UseClass, b: UseClass) -> Bool { a.rawValue < b.rawValue }
}
