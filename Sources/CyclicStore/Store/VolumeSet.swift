// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// The volumes of a store, and which one a key's records are on: see ``Placement``.
///
/// A volume that fails while the store runs is set aside for good: its keys belong to the others from then on.
final class VolumeSet: Sendable {
    /// One volume.
    struct Member: Sendable {
        var volume: Volume
        /// What problems and statistics call it.
        var name: String
        var weight: UInt32

        var id: VolumeID { volume.superblock.volumeID }
    }

    /// More volumes than any machine has disks.
    static let maxCount = Placement.maxVolumes

    let members: [Member]
    private let placement: Placement
    /// One bit for each member that is set aside.
    private let aside = Atomic<UInt64>(0)
    private let roomWaiters: [RoomWaiters]

    init(_ members: [Member]) {
        precondition(members.count <= Self.maxCount)
        self.members = members
        placement = Placement(members.map { Placement.Member(volume: $0.id, weight: $0.weight) })
        roomWaiters = members.map { _ in RoomWaiters() }
    }

    /// The number of the volume that a key's records are on; nil when none is left. Constant time for one volume, some nanoseconds for
    /// each of several.
    func home(of hash: KeyHash) -> Int? {
        placement.home(of: hash, excluding: aside.load(ordering: .acquiring))
    }

    /// The volume that a key's records are on.
    func volume(for hash: KeyHash) -> Volume? { home(of: hash).map { members[$0].volume } }

    func isAside(_ member: Int) -> Bool { aside.load(ordering: .acquiring) >> UInt64(member) & 1 != 0 }

    /// Those that were set aside.
    var failed: [Member] { members.indices.filter(isAside).map { members[$0] } }

    /// A volume has failed. True for whoever says so first.
    func setAside(_ member: Int) -> Bool {
        let bit = UInt64(1) << UInt64(member)
        return aside.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue & bit == 0
    }

    /// Nil when there is room now: in the key's volume, or with no key in all of them.
    func whenRoom(_ hash: KeyHash?, _ callback: @escaping @Sendable () -> Void) -> RoomWait? {
        let wait = RoomWait(callback)
        var waits = false
        let asked = hash.map { home(of: $0).map { [$0] } ?? [] } ?? members.indices.filter { !isAside($0) }
        for member in asked where roomWaiters[member].wait(wait, in: members[member].volume) { waits = true }
        return waits ? wait : nil
    }

    /// Largest object that does not push out its own beginning while it is stored or read: half of what any volume's share fills.
    var maxObjectBytes: Int {
        let total = members.reduce(0.0) { $0 + Double($1.weight) }
        let bytes = members.map {
            Double($0.volume.superblock.stripeCount * $0.volume.superblock.stripeBytes) / 2 * (total / Double(max(1, $0.weight)))
        }
        return Int(min(bytes.min() ?? 0, 0x1p60))
    }
}
