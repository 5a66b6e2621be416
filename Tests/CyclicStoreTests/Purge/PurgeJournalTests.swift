// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct PurgeJournalTests {
    @Test func `a purge holds at once and is acknowledged when it is durable`() {
        let rig = PurgeRig()
        let serial = rig.purge(.key(PurgeRig.key("a")))
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("a")) == .gone)
        #expect(rig.outcome(serial) == nil)
        rig.engine.run()
        #expect(rig.outcome(serial) == .durable)
        rig.crash { _ in false }
        #expect(rig.check("restart") == 1)
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("b")) == .current)
        #expect(rig.purger.verdict(serial: rig.nextSerial(), key: PurgeRig.key("a")) == .current)
    }

    @Test func `every kind of purge survives a restart, through appends and checkpoints`() {
        let rig = PurgeRig()
        for round in 0..<40 {
            for mode in PurgeMode.allCases {
                rig.purge(.key(PurgeRig.key("k\(round)\(mode)")), mode)
                rig.purge(.tag(Array("t\(round)\(mode)".utf8)), mode)
                rig.purge(.prefix(Array("p\(round)\(mode)".utf8)), mode)
            }
            if round == 20 { rig.purge(.everything, .soft) }
            rig.engine.run()
            rig.crash { _ in false }
            #expect(rig.check("round \(round)") == rig.purges.count)
        }
        #expect(rig.purger.verdict(serial: rig.purges[rig.purges.count - 1].serial, key: PurgeRig.key("other")) == .current)
        #expect(rig.purger.snapshotCounts.collapses == 0)
    }

    @Test func `purges that arrive together share a write and a sync`() {
        let rig = PurgeRig(journalBytes: 512 * 1024)
        let before = rig.disks[0].counts
        for number in 0..<1000 { rig.purge(.key(PurgeRig.key("\(number)"))) }
        rig.engine.run()
        #expect(rig.acknowledged == 1000)
        let after = rig.disks[0].counts
        // The checkpoint that opening leaves to the first purge is already there: one append for the first, one for all others.
        #expect(after.syncs - before.syncs <= 2 && after.writes - before.writes <= 2)
        rig.crash { _ in false }
        #expect(rig.check("restart") == 1000)
    }

    /// The power fails before each step of the engine in turn, and of what was not synced every tear is tried: none, all, each prefix, each suffix, each
    /// single sector kept, each single sector lost.
    @Test func `a crash before any write or sync, with any tear, undoes no acknowledged purge`() {
        var (crashes, checked, tears) = (0, 0, 0)
        for stop in 0..<120 {
            let rig = PurgeRig()
            var steps = 0
            var number = 0
            while steps < stop {
                if rig.engine.pending == 0 {
                    for _ in 0..<(number % 3 + 1) {
                        number += 1
                        rig.purge(
                            number % 5 == 0 ? .tag([UInt8(number)]) : .key(PurgeRig.key("\(number)")),
                            number % 7 == 0 ? .soft : .hard
                        )
                    }
                }
                rig.engine.step()
                steps += 1
            }
            let sectors = rig.disks[0].unsyncedSectors
            var patterns: [(Int) -> Bool] = [{ _ in true }, { _ in false }, { $0 % 2 == 0 }, { $0 % 2 == 1 }]
            for cut in 0..<sectors {
                patterns += [{ $0 < cut }, { $0 >= cut }, { $0 == cut }, { $0 != cut }]
            }
            let disks = rig.disks
            for (tear, keeps) in patterns.enumerated() {
                rig.disks = disks
                rig.crash(keeps)
                checked += rig.check("step \(stop), tear \(tear)")
                #expect(rig.opened.emptied.isEmpty, "step \(stop), tear \(tear): a crash is not damage")
                #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("never purged")) == .current)
                tears += 1
            }
            crashes += 1
        }
        #expect(crashes == 120 && tears > 2000 && checked > 50_000)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `crash after crash, with failing disks and bad readings, no acknowledged purge is undone`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let disk = SimulatedDevice(byteCount: 2 * 9 * JournalPage.byteCount, seed: seed)
        let clock = PurgeRig.Counter(1000)
        var owed: [(key: StoreKey, serial: UInt64)] = []
        for _ in 0..<40 {
            var faults = SimulatedDevice.Faults()
            faults.readError = SimulatedDevice.Faults.chance(0.1)
            faults.bitFlip = SimulatedDevice.Faults.chance(0.2)
            disk.setFaults(faults)
            let engine = SteppedEngine(seed: random.next())
            let volume = Purger.Volume(
                id: PurgeRig.id(0),
                weight: 1,
                device: disk,
                engine: engine,
                syncs: DeviceSyncs(device: disk, engine: engine),
                journal: VolumeRegion(offset: 0, byteCount: disk.byteCount)
            )
            var secondChance = 0
            var opened: Purger.Opened
            repeat {
                opened = Purger.open(
                    [volume],
                    secret: PurgeRig.secret,
                    nextSerial: { clock.next() },
                    advance: { _ in },
                    entropy: { SeededRandom.word(clock.next()) }
                )
                secondChance += 1
            } while !opened.failed.isEmpty && secondChance < 20
            #expect(opened.failed.isEmpty)
            let purger = opened.purger
            for (key, serial) in owed { #expect(purger.verdict(serial: serial - 1, key: key) == .gone, "seed \(seed)") }
            faults.writeError = SimulatedDevice.Faults.chance(0.15)
            disk.setFaults(faults)
            let answers = Answers()
            for _ in 0..<(random.next() % 30) {
                let key = PurgeRig.key("\(random.next())")
                let number = answers.add(key)
                let serial = purger.purge(.key(key), .hard) { if $0 == .durable { answers.confirm(number) } }
                answers.note(number, serial)
                for _ in 0..<(random.next() % 4) { engine.step() }
            }
            if random.next() % 3 == 0 { engine.run() }
            owed += answers.confirmed
            engine.dropAll()
            disk.crash()
        }
        #expect(owed.count > 100)
    }

    private final class Answers: @unchecked Sendable {
        // Used by one thread: that of the test, which steps the engine.
        private var all: [(key: StoreKey, serial: UInt64, confirmed: Bool)] = []
        func add(_ key: StoreKey) -> Int {
            all.append((key, 0, false))
            return all.count - 1
        }
        func confirm(_ number: Int) { all[number].confirmed = true }
        func note(_ number: Int, _ serial: UInt64?) { all[number].serial = serial ?? 0 }
        var confirmed: [(key: StoreKey, serial: UInt64)] { all.filter { $0.confirmed && $0.serial > 0 }.map { ($0.key, $0.serial) } }
    }

    @Test func `one damaged copy of an append is no loss, two empty the volume`() {
        let rig = PurgeRig()
        for number in 0..<2 {
            rig.purge(.key(PurgeRig.key("\(number)")))
            rig.engine.run()
        }
        let page = JournalPage.byteCount
        func isAppend(_ position: Int, _ half: Int) -> Bool {
            let buffer = PageBuffer(byteCount: page)
            try? rig.disks[0].read(at: half * PurgeRig.minBytes / 2 + position * page, into: buffer.region)
            return JournalPage(decoding: UnsafeRawBufferPointer(buffer.region), volume: PurgeRig.id(0)).map { $0.commit == 1 } ?? false
        }
        var places: [(Int, Int)] = []
        for half in 0..<2 {
            for position in 0..<JournalCycle.minPagesPerHalf where isAppend(position, half) { places.append((half, position)) }
        }
        #expect(places.count == 2)
        for (index, (half, position)) in places.enumerated() {
            rig.disks[0].corrupt(at: half * PurgeRig.minBytes / 2 + position * page + 100)
            rig.reopen()
            rig.check("copy \(index) damaged")
            // Everything older than now is gone from a volume whose journal has lost something.
            #expect(rig.opened.emptied == (index == 0 ? [] : [PurgeRig.id(0)]))
        }
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("unrelated"), volume: PurgeRig.id(0)) == .gone)
        #expect(rig.purger.verdict(serial: rig.nextSerial(), key: PurgeRig.key("unrelated"), volume: PurgeRig.id(0)) == .current)
    }

    @Test func `a damaged checkpoint empties the volume`() {
        let rig = PurgeRig()
        rig.purge(.key(PurgeRig.key("a")))
        rig.engine.run()
        // The first checkpoint of a new journal is in its first half.
        rig.disks[0].corrupt(at: 200)
        rig.reopen()
        #expect(rig.opened.emptied == [PurgeRig.id(0)])
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("b"), volume: PurgeRig.id(0)) == .gone)
        rig.reopen()
        #expect(rig.opened.emptied.isEmpty)
        #expect(rig.purger.verdict(serial: 1, key: PurgeRig.key("b"), volume: PurgeRig.id(0)) == .gone, "that is durable")
    }

    @Test func `pages of an earlier life of the disk are ignored`() {
        let rig = PurgeRig()
        rig.purge(.everything)
        rig.engine.run()
        let contents = try? JournalReader(
            device: rig.disks[0],
            region: VolumeRegion(offset: 0, byteCount: PurgeRig.minBytes),
            volume: PurgeRig.id(9)
        ).read()
        #expect(contents?.records.isEmpty == true && contents?.isDamaged == false)
    }

    @Test func `many purges stay within the journal and the table, and the newest are exact`() {
        let rig = PurgeRig(journalBytes: 256 * 1024)
        var serial: UInt64 = 0
        for round in 0..<200 {
            for number in 0..<500 {
                serial = rig.purger.purge(.key(PurgeRig.key("\(round) \(number)")), .hard) { _ in } ?? 0
            }
            rig.engine.run()
        }
        let counts = rig.purger.snapshotCounts
        #expect(counts.purges == 100_000 && counts.collapses > 0)
        #expect(counts.entries < 2000 && counts.bytes < 64_000)
        let newest = serial
        rig.crash { _ in false }
        #expect(rig.purger.verdict(serial: newest - 1, key: PurgeRig.key("199 499")) == .gone)
        #expect(rig.purger.verdict(serial: newest - 1, key: PurgeRig.key("199 498")) == .current)
        #expect(rig.purger.verdict(serial: 1500, key: PurgeRig.key("0 0")) == .gone)
        let second = rig.purger.snapshotCounts
        #expect(second.entries < 2000)
    }
}
