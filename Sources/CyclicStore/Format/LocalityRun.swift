// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where a record stands among those of its locality group that were written side by side with it, in units of the record alignment.
struct LocalityRun: Hashable, Sendable {
    /// The group's name; 0 for a record without one.
    var group: UInt32
    /// Length of its neighbours before it.
    var unitsBefore: UInt16
    /// Length of its neighbours behind it.
    var unitsAfter: UInt16

    /// A record that stands alone.
    static let none = LocalityRun(group: 0, unitsBefore: 0, unitsAfter: 0)
}
