// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The volumes of a store, and which one a key's records are on: weighted rendezvous hashing (Thaler and Ravishankar, IEEE/ACM ToN 1998;
/// weights after Schindelhauer and Schomaker, SPAA 2005). Each volume draws a number for the key; the highest has it. When a volume comes or
/// goes, only the keys that it has or had move.
///
/// A volume that fails while the store runs is set aside for good: its keys are drawn among the others from then on.
final class VolumeSet: Sendable {
    /// One volume, and what must be given back with it.
    struct Member: Sendable {
        var volume: Volume
        /// What problems and statistics call it.
        var name: String
        var weight: Double

        fileprivate var seed: UInt64 { volume.superblock.volumeID.word0 ^ volume.superblock.volumeID.word1 }
    }

    /// More volumes than any machine has disks.
    static let maxCount = 64

    let members: [Member]
    private let draws: [(seed: UInt64, inverseWeight: Double)]
    /// One bit for each member that is set aside.
    private let aside = Atomic<UInt64>(0)
    private let roomWaiters: [RoomWaiters]

    init(_ members: [Member]) {
        precondition(members.count <= Self.maxCount)
        self.members = members
        draws = members.map { ($0.seed, 1 / $0.weight) }
        roomWaiters = members.map { _ in RoomWaiters() }
    }

    /// The number of the volume that a key's records are on; nil when none is left. Constant time for one volume, a few nanoseconds for
    /// each of several.
    func home(of hash: KeyHash) -> Int? {
        let aside = aside.load(ordering: .acquiring)
        if draws.count == 1 { return aside == 0 ? 0 : nil }
        var best: (member: Int, draw: Double)?
        for (member, draw) in draws.enumerated() where aside >> UInt64(member) & 1 == 0 {
            let number = Self.draw(hash, draw.seed) * draw.inverseWeight
            if best.map({ number < $0.draw }) ?? true { best = (member, number) }
        }
        return best?.member
    }

    /// Exponentially distributed with mean 1; divided by the weights, the least of several is each one's with a chance in proportion to its
    /// weight.
    private static func draw(_ hash: KeyHash, _ seed: UInt64) -> Double {
        var random = SeededRandom(seed: hash.low ^ seed)
        let uniform = Double(random.next() >> 11 | 1) * 0x1p-53
        return -log(uniform)
    }

    /// The volume that a key's records are on.
    func volume(for hash: KeyHash) -> Volume? { home(of: hash).map { members[$0].volume } }

    func isAside(_ member: Int) -> Bool { aside.load(ordering: .acquiring) >> UInt64(member) & 1 != 0 }

    /// Those that were set aside.
    var failed: [Member] { members.indices.filter(isAside).map { members[$0] } }

    /// A volume has failed.
    func setAside(_ member: Int) {
        aside.bitwiseOr(UInt64(1) << UInt64(member), ordering: .acquiringAndReleasing)
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
        let total = members.reduce(0) { $0 + $1.weight }
        let bytes = members.map { Double($0.volume.superblock.stripeCount * $0.volume.superblock.stripeBytes) / 2 * (total / $0.weight) }
        return Int(min(bytes.min() ?? 0, 0x1p60))
    }
}
