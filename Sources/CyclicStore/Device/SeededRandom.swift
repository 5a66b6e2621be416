// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): small, fast and the same for the same seed everywhere. Not for secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The same seed gives the same numbers.
    package init(seed: UInt64) { state = seed }

    /// The next number of the sequence.
    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func happens(_ chance: UInt32) -> Bool {
        chance != 0 && UInt32(truncatingIfNeeded: next()) < chance
    }
}
