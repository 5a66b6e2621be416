// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The memberships a store has gone through, as far back as any record may be: which records of a volume may be trusted.
///
/// A key's newest record is where the membership of its time put it. So a record on another volume than a later membership names for its
/// key may be out of date from then on, even when a membership after that names its volume again. And a volume that missed a change of
/// membership was away: everything it held from before its return is out of date.
struct MembershipHistory: Hashable, Sendable {
    /// Changes that are remembered; what is older than the oldest is not trusted.
    static let maxCount = 64

    /// In order of serial.
    private(set) var memberships: [Membership] = []
    /// What was written before cannot be judged any more.
    private(set) var floor: UInt64 = 0
    /// What was written before on one volume is out of date: it was away, or its journal was damaged.
    private(set) var volumeFloors: [VolumeID: UInt64] = [:]

    /// The one in force.
    var current: Membership? { memberships.last }

    /// What was written at or after it needs no check.
    private(set) var newestSerial: UInt64 = 0

    /// Whether a record that a volume has is where every membership since its writing would look for it. One comparison when it was
    /// written after the last change; else one placement for each change since.
    func isValid(hash: KeyHash, serial: UInt64, volume: VolumeID) -> Bool {
        if serial >= newestSerial { return true }
        guard serial >= floor, serial >= volumeFloors[volume] ?? 0 else { return false }
        for membership in memberships.reversed() {
            guard membership.serial > serial else { return true }
            guard membership.placement.volume(of: hash) == volume else { return false }
        }
        return true
    }

    // MARK: Changes

    mutating func add(_ membership: Membership) {
        guard !memberships.contains(where: { $0.epoch == membership.epoch && $0.serial == membership.serial }) else { return }
        let position = memberships.firstIndex { $0.serial > membership.serial } ?? memberships.count
        memberships.insert(membership, at: position)
        newestSerial = max(newestSerial, membership.serial)
        limit(records: .max)
    }

    mutating func raiseFloor(to serial: UInt64) {
        floor = max(floor, serial)
        newestSerial = max(newestSerial, serial)
    }

    mutating func raiseFloor(of volume: VolumeID, to serial: UInt64) {
        volumeFloors[volume] = max(volumeFloors[volume] ?? 0, serial)
        newestSerial = max(newestSerial, serial)
    }

    /// Every record that any volume still has was written or checked after this serial: changes up to it need no longer be known, but the
    /// one in force.
    mutating func expire(through serial: UInt64) {
        let inForce = current
        memberships.removeAll { $0.serial <= serial && $0 != inForce }
        volumeFloors = volumeFloors.filter { $0.value > serial }
    }

    /// Volumes that are not in the one in force have no floor: when one comes back it was away.
    mutating func forgetStrangers() {
        guard let current else { return }
        volumeFloors = volumeFloors.filter { current.contains($0.key) }
    }

    /// Bounds the history; what was older is not trusted from then on.
    mutating func limit(records: Int) {
        while memberships.count > 1, memberships.count > Self.maxCount || recordCount > records {
            floor = max(floor, memberships.removeFirst().serial)
        }
    }

    /// Journal records it takes.
    var recordCount: Int { memberships.reduce(0) { $0 + $1.members.count + 2 } + volumeFloors.count + 1 }
}
