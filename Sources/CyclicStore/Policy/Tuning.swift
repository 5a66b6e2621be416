// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The two numbers that no constant is right for, set while the store runs.
package struct Tuning: Hashable, Sendable {
    /// q: the chance, of 65,536, that an object of mean size which leaves memory unused is written. 65,536 is always.
    package var writeChance: UInt32
    /// T: the score from which on a record of mean size is relocated at reclaim. Infinity: none is.
    package var relocationUses: Float

    package static let always: UInt32 = 65_536

    package init(writeChance: UInt32 = Tuning.always / 8, relocationUses: Float = 4) {
        self.writeChance = writeChance
        self.relocationUses = relocationUses
    }
}
