// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct MembershipHistoryTests {
    /// Volumes come and go while keys are written; the model knows the newest record of each key. A lookup asks the volume that the
    /// membership in force names, and believes what the history lets it.
    private struct Fleet {
        var random: SeededRandom
        var history = MembershipHistory()
        let volumes: [VolumeID]
        var records: [VolumeID: [KeyHash: UInt64]] = [:]
        var newest: [KeyHash: UInt64] = [:]
        /// The membership each volume saw last.
        var lastEpoch: [VolumeID: UInt64] = [:]
        var serial: UInt64 = 0
        let keys: [KeyHash]

        init(seed: UInt64) {
            var random = SeededRandom(seed: seed)
            volumes = (0..<5).map { _ in VolumeID(word0: random.next(), word1: random.next()) }
            keys = (0..<60).map { _ in KeyHash(high: random.next(), low: random.next()) }
            self.random = random
            change()
        }

        mutating func change() {
            var present = volumes.filter { _ in random.next() % 3 != 0 }
            if present.isEmpty { present = [volumes[0]] }
            let weights: [UInt32] = present.map { _ in random.next() % 4 == 0 ? 7 : 2 }
            let members = zip(present, weights).map { Placement.Member(volume: $0, weight: $1) }
            if history.current?.has(members) == true { return }
            serial += 1
            for volume in present where lastEpoch[volume] != history.current?.epoch {
                history.raiseFloor(of: volume, to: serial)
            }
            let membership = Membership(serial: serial, epoch: random.next(), placement: Placement(members))
            history.add(membership)
            history.forgetStrangers()
            for volume in present { lastEpoch[volume] = membership.epoch }
        }

        mutating func put() {
            serial += 1
            let key = keys[Int(random.next() % UInt64(keys.count))]
            guard let home = history.current?.placement.volume(of: key) else { return }
            records[home, default: [:]][key] = serial
            newest[key] = serial
        }

        /// The serial that a lookup finds.
        func find(_ key: KeyHash) -> UInt64? {
            guard let home = history.current?.placement.volume(of: key), let serial = records[home]?[key] else { return nil }
            return history.isValid(hash: key, serial: serial, volume: home) ? serial : nil
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func `an out-of-date record is never believed, whichever volumes come and go`(seed: UInt64) {
        var fleet = Fleet(seed: seed)
        var (found, missing) = (0, 0)
        for _ in 0..<300 {
            if fleet.random.next() % 6 == 0 { fleet.change() }
            for _ in 0..<5 { fleet.put() }
            for key in fleet.keys {
                guard let serial = fleet.find(key) else {
                    missing += 1
                    continue
                }
                found += 1
                #expect(serial == fleet.newest[key], "seed \(seed)")
            }
        }
        #expect(found > 0 && missing > 0)
    }

    @Test func `a change of volumes costs only what it moved`() {
        let volumes = (1...3).map { VolumeID(word0: $0, word1: $0 << 32) }
        func members(_ chosen: [Int]) -> Placement { Placement(chosen.map { Placement.Member(volume: volumes[$0], weight: 1) }) }
        var history = MembershipHistory()
        history.add(Membership(serial: 1, epoch: 1, placement: members([0, 1])))
        history.add(Membership(serial: 100, epoch: 2, placement: members([0, 1, 2])))
        history.add(Membership(serial: 200, epoch: 3, placement: members([0, 1])))
        var random = SeededRandom(seed: 9)
        var (valid, invalid) = (0, 0)
        for _ in 0..<3000 {
            let hash = KeyHash(high: random.next(), low: random.next())
            guard let home = members([0, 1]).volume(of: hash) else { continue }
            let wasAway = members([0, 1, 2]).volume(of: hash) == volumes[2]
            #expect(history.isValid(hash: hash, serial: 50, volume: home) == !wasAway)
            #expect(history.isValid(hash: hash, serial: 250, volume: home))
            if wasAway { invalid += 1 } else { valid += 1 }
        }
        #expect(abs(Double(invalid) / Double(valid + invalid) - 1.0 / 3) < 0.05)
    }

    @Test func `more changes than are remembered make older records untrusted`() {
        let volume = VolumeID(word0: 1, word1: 1)
        var history = MembershipHistory()
        for change in 1...100 as ClosedRange<UInt64> {
            history.add(
                Membership(serial: change * 10, epoch: change, placement: Placement([.init(volume: volume, weight: UInt32(change))]))
            )
        }
        #expect(history.memberships.count == MembershipHistory.maxCount)
        let oldest = 10 * (100 - UInt64(MembershipHistory.maxCount))
        #expect(history.floor == oldest)
        #expect(!history.isValid(hash: KeyHash(high: 1, low: 1), serial: oldest - 1, volume: volume))
        #expect(history.isValid(hash: KeyHash(high: 1, low: 1), serial: oldest, volume: volume))
    }

    @Test func `what no record can be older than is forgotten`() {
        let volume = VolumeID(word0: 1, word1: 1)
        var history = MembershipHistory()
        for change in 1...5 as ClosedRange<UInt64> {
            history.add(Membership(serial: change, epoch: change, placement: Placement([.init(volume: volume, weight: UInt32(change))])))
        }
        history.raiseFloor(of: volume, to: 3)
        history.expire(through: 4)
        #expect(history.memberships.map(\.serial) == [5] && history.volumeFloors.isEmpty)
        history.expire(through: 10)
        #expect(history.current?.serial == 5, "the one in force stays")
    }
}
