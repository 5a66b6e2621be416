// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct PurgerTests {
    @Test func `while the disk stalls purges wait and lookups go on`() {
        let rig = PurgeRig()
        for number in 0..<Purger.maxWaiting { rig.purger.purge(.key(PurgeRig.key("\(number % 9)")), .hard) { _ in } }
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("3")) == .gone)
        #expect(rig.purger.verdict(serial: rig.nextSerial(), key: PurgeRig.key("3")) == .current)
        // One more has no room. It is not done by half: nothing is purged.
        let newest = rig.purger.newestPurge
        #expect(rig.purge(.everything) == nil)
        #expect(rig.purger.newestPurge == newest && rig.purger.snapshotCounts.refused == 1)
        rig.engine.run()
        let serial = rig.purge(.everything)
        rig.engine.run()
        #expect(rig.outcome(serial) == .durable)
    }

    @Test func `an engine without room delays a purge until there is some`() {
        let disk = TearingDevice(byteCount: PurgeRig.minBytes)
        let engine = NarrowEngine()
        let clock = PurgeRig.Counter(10)
        let opened = PurgeRig.open([disk], clock, engine) { _ in }
        let box = Box()
        opened.purger.purge(.everything, .hard) { box.set($0) }
        #expect(box.value == nil)
        engine.isOpen.store(true, ordering: .relaxed)
        opened.purger.resume()
        #expect(box.value == .durable)
        // Closing does not leave anybody waiting.
        engine.isOpen.store(false, ordering: .relaxed)
        let last = Box()
        opened.purger.purge(.everything, .hard) { last.set($0) }
        opened.purger.close()
        #expect(last.value == .notDurable)
        let late = Box()
        opened.purger.purge(.everything, .hard) { late.set($0) }
        #expect(late.value == .refused)
    }

    private final class NarrowEngine: IOEngine {
        let isOpen = Atomic<Bool>(false)
        func submit(_ operation: IOOperation) -> Bool {
            guard isOpen.load(ordering: .relaxed) else { return false }
            operation.perform()
            return true
        }
        func shutDown() {}
        var statistics: IOEngineStatistics { IOEngineStatistics() }
    }

    private final class Box: Sendable {
        private let outcome = Mutex<PurgeOutcome?>(nil)
        var value: PurgeOutcome? { outcome.withLock { $0 } }
        func set(_ value: PurgeOutcome) { outcome.withLock { $0 = value } }
    }

    @Test func `a store without volumes acknowledges at once`() {
        let rig = PurgeRig(volumes: 0)
        let serial = rig.purge(.prefix(Array("ab".utf8)), .soft)
        #expect(rig.outcome(serial) == .memoryOnly)
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("abc")) == .stale)
    }

    @Test func `when the only volume fails purges are not called durable`() {
        let rig = PurgeRig()
        rig.reopen()
        rig.disks[0].failPower(after: 0)
        let first = rig.purge(.everything)
        rig.engine.run()
        #expect(rig.outcome(first) == .notDurable && rig.failures.withLock { $0 } == [PurgeRig.id(0)])
        let second = rig.purge(.everything)
        #expect(rig.outcome(second) == .notDurable)
    }

    @Test func `a volume that fails is set aside, and what it held is out of date when it comes back`() {
        let rig = PurgeRig(volumes: 3)
        rig.reopen()
        let start = rig.nextSerial()
        let keys = (0..<300).map { PurgeRig.key("\($0)") }
        let homes = keys.map { rig.purger.placement?.volume(of: $0.hash) }
        rig.disks[1].failPower(after: 1)
        let serial = rig.purge(.tag([1]))
        rig.engine.run()
        #expect(rig.outcome(serial) == .durable && rig.failures.withLock { $0 } == [PurgeRig.id(1)])
        #expect(rig.purger.placement?.members.count == 2)
        rig.crash { _ in false }
        rig.check("restart with the volume back")
        #expect(rig.opened.emptied == [PurgeRig.id(1)] && rig.purger.placement?.members.count == 3)
        for (key, home) in zip(keys, homes) {
            guard let home else { continue }
            let valid = rig.purger.isPlacedHere(hash: key.hash, serial: start, volume: home)
            #expect(valid == (home != PurgeRig.id(1)))
        }
        rig.reopen()
        #expect(rig.opened.emptied.isEmpty)
    }

    @Test func `a volume that was away learns what was purged meanwhile`() {
        let rig = PurgeRig(volumes: 2)
        rig.purge(.key(PurgeRig.key("a")))
        rig.engine.run()
        rig.reopen(present: [0])
        rig.purge(.key(PurgeRig.key("b")))
        rig.engine.run()
        rig.reopen()
        rig.check("both there")
        #expect(rig.opened.emptied == [PurgeRig.id(1)])
        // The other one alone knows it too from then on.
        rig.reopen(present: [1])
        rig.check("the one that was away, alone")
    }

    @Test func `opening the same volumes again writes nothing`() {
        let rig = PurgeRig(volumes: 2)
        rig.purge(.everything, .soft)
        rig.engine.run()
        let before = rig.disks.map(\.counts.writes)
        rig.reopen()
        rig.reopen()
        #expect(rig.disks.map(\.counts.writes) == before)
    }

    @Test func `purges that nothing can be older than are forgotten, and memory that was not checked since is let go`() {
        let rig = PurgeRig(journalBytes: 2 * 9 * JournalPage.byteCount)
        let volume = PurgeRig.id(0)
        let old = rig.nextSerial()
        let purge = rig.purge(.key(PurgeRig.key("a"))) ?? 0
        // A volume of 8 stripes that turns: a stripe is opened for every purge from here on.
        func turn(_ sequence: UInt64) {
            let turn = StripeAges.Turn(serial: rig.nextSerial(), nextSequence: sequence, oldestSequence: sequence - min(sequence, 7))
            if rig.purger.wantsNote(of: volume, nextSequence: sequence, stripes: 8) { rig.purger.note(turn, of: volume) }
        }
        var sequence: UInt64 = 1
        while rig.purger.floor <= purge, sequence < 500 {
            turn(sequence)
            sequence += 1
            rig.purge(.key(PurgeRig.key("b")))
            rig.engine.run()
            if sequence < 8 { #expect(rig.purger.floor == 0 && rig.purger.verdict(serial: old, key: PurgeRig.key("a")) == .gone) }
        }
        #expect(rig.purger.floor > purge && sequence < 100)
        #expect(rig.purger.verdict(serial: old, key: PurgeRig.key("a"), volume: volume) == .current)
        #expect(rig.purger.verdict(serial: old, key: PurgeRig.key("a")) == .gone, "in memory")
        let floor = rig.purger.floor
        rig.crash { _ in false }
        #expect(rig.purger.floor == floor)
        // The crash may bring back a stripe that had been taken back: what is in it was purged and is not known to have been.
        let stripeFloor = rig.purger.stripeFloor(of: volume)
        #expect(stripeFloor > 0 && stripeFloor < sequence)
        let key = PurgeRig.key("a")
        func verdict(serial: UInt64, sequence: UInt64) -> PurgeVerdict {
            key.bytes.withUnsafeBytes { bytes in
                [UInt64]().withUnsafeBufferPointer {
                    rig.purger.verdict(serial: serial, hash: key.hash, key: bytes, tags: $0, volume: volume, sequence: sequence).verdict
                }
            }
        }
        #expect(verdict(serial: old, sequence: stripeFloor - 1) == .gone)
        #expect(verdict(serial: old, sequence: stripeFloor) == .current)
    }

    @Test func `a purge is kept for the volume that turns slowest`() {
        let rig = PurgeRig(volumes: 2)
        rig.purge(.key(PurgeRig.key("a")))
        for sequence in 1..<100 as Range<UInt64> {
            let turn = StripeAges.Turn(serial: rig.nextSerial(), nextSequence: sequence, oldestSequence: sequence - min(sequence, 7))
            rig.purger.note(turn, of: PurgeRig.id(0))
            rig.purge(.key(PurgeRig.key("b")))
            rig.engine.run()
        }
        #expect(rig.purger.floor == 0)
        rig.reopen()
        rig.check("restart")
    }

    /// Volumes come and go, start after start, and the power fails in the middle of some starts. Records are kept by the model, each
    /// on the volume the purger named; what it lets a lookup believe must be the newest.
    @Test(arguments: 0..<60 as Range<UInt64>) func `with starts that crash and volumes that come and go no old record is believed`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed)
        let rig = PurgeRig(volumes: 3, journalBytes: 2 * 9 * JournalPage.byteCount)
        let keys = (0..<40).map { PurgeRig.key("\($0)") }
        var records: [VolumeID: [StoreKey: UInt64]] = [:]
        var newest: [StoreKey: UInt64] = [:]
        var (found, missed) = (0, 0)
        var present: Set<Int> = [0, 1, 2]
        // One volume at least was there to the end of the last run: without any, nothing can know what happened in it.
        var last = present
        for _ in 0..<40 {
            if random.next() % 2 == 0 {
                repeat { present = Set((0..<3).filter { _ in random.next() % 3 != 0 }) } while present.isDisjoint(with: last)
            }
            // A start during which the power fails on all disks at once.
            if random.next() % 2 == 0 {
                for number in present { rig.disks[number].failPower(after: Int(random.next() % 4)) }
                rig.reopen(present: present)
                let kept = random.next()
                rig.disks = rig.disks.map { $0.afterCrash { kept >> UInt64($0 % 64) & 1 == 0 } }
            }
            rig.reopen(present: present)
            #expect(rig.opened.failed.isEmpty)
            rig.check("seed \(seed)")
            for _ in 0..<20 {
                let key = keys[Int(random.next() % 40)]
                guard let home = rig.purger.placement?.volume(of: key.hash) else { continue }
                switch random.next() % 4 {
                case 0: rig.purge(.key(key))
                default:
                    let serial = rig.nextSerial()
                    records[home, default: [:]][key] = serial
                    newest[key] = serial
                }
                if random.next() % 3 == 0 { rig.engine.step() }
            }
            // A volume fails while the store runs.
            last = present
            if random.next() % 5 == 0, present.count > 1, let aside = present.min() {
                rig.purger.setAside(PurgeRig.id(aside)) { _ in }
                last.remove(aside)
            }
            rig.engine.run()
            for key in keys {
                guard let home = rig.purger.placement?.volume(of: key.hash), let serial = records[home]?[key],
                    rig.purger.isPlacedHere(hash: key.hash, serial: serial, volume: home)
                else {
                    missed += 1
                    continue
                }
                found += 1
                #expect(serial == newest[key], "seed \(seed): \(key.bytes)")
            }
        }
        #expect(found > 0 && missed > 0)
    }
}
