// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The two numbers that no constant is right for, set while the store runs.
package struct Tuning: Hashable, Sendable {
    /// q: the chance, of 65,536, that an object which leaves memory without a second use is written. 65,536 is always.
    package var writeChance: UInt32
    /// T: uses since it was written from which on a record is relocated at reclaim. `Int.max`: none is.
    package var relocationUses: Int

    package static let always: UInt32 = 65_536

    package init(writeChance: UInt32 = Tuning.always, relocationUses: Int = 3) {
        self.writeChance = writeChance
        self.relocationUses = relocationUses
    }
}
