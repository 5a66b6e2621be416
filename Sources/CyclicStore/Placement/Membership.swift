// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The volumes that a store had from some serial on.
struct Membership: Hashable, Sendable {
    /// What was written before it was placed by the memberships before it.
    var serial: UInt64
    /// Random: two stores that come to the same serial and volumes by different ways stay apart.
    var epoch: UInt64
    var placement: Placement

    var members: [Placement.Member] { placement.members }

    func contains(_ volume: VolumeID) -> Bool { members.contains { $0.volume == volume } }

    /// Whether the same volumes with the same weights are in it, in any order.
    func has(_ others: [Placement.Member]) -> Bool { members.count == others.count && Set(members) == Set(others) }
}
