// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// A volume whose records are carried forward when they were used once. Each guard named here was taken out once to see its test fail.
@Suite struct RelocationTests {
    private func volume(stripes: Int = 20, seed: UInt64) throws -> (SimulatedStore, Volume) {
        let simulation = try SimulatedStore(stripes: stripes, seed: seed, replacement: .gyre, membufs: 6)
        let volume = try #require(simulation.store.volume)
        volume.tune(Tuning(relocationUses: 1))
        return (simulation, volume)
    }

    /// Fills the volume until the tail has taken back what was written first.
    private func turn(_ simulation: SimulatedStore, from first: Int, records: Int = 340) {
        for number in first..<(first + records) {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
    }

    /// Up to the moment when the first survivors have been judged and their bytes are not read yet.
    private func fillUntilRelocation(_ simulation: SimulatedStore, _ volume: Volume) {
        func isUnderWay() -> Bool { volume.lock.locked { volume.relocationsUnderWay > 0 } }
        for number in 100..<1000 where !isUnderWay() {
            simulation.put(number, version: 1, count: 4000)
            while !isUnderWay(), simulation.engine.step() {}
        }
        #expect(isUnderWay())
    }

    @Test func `what was used is carried forward, what was not is dropped`() throws {
        let (simulation, volume) = try volume(seed: 1)
        for number in 0..<30 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for number in stride(from: 0, to: 30, by: 3) { #expect(simulation.get(number) == 1) }
        turn(simulation, from: 100)
        for number in 0..<30 { #expect(simulation.get(number) == (number % 3 == 0 ? 1 : nil), "record \(number)") }
        let statistics = volume.snapshotStatistics()
        #expect(statistics.recordsRelocated >= 10)
        volume.checkInvariants()
        simulation.flush()
        volume.checkNothingLeaks()
    }

    @Test func `what was carried forward is there after a restart, from the newer place`() throws {
        let (simulation, _) = try volume(seed: 2)
        for number in 0..<30 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for number in 0..<10 { #expect(simulation.get(number) == 1) }
        turn(simulation, from: 100)
        try simulation.flushAndSync()
        try simulation.crash()
        let found = (0..<10).filter { simulation.get($0) == 1 }
        #expect(found.count >= 9)
    }

    /// Between the moment a copy gets its place and the moment the index moves there, other threads replace or remove the record.
    ///
    /// Guards: the index moves only from the place the copy was made from (`PackedIndex.move`), and a copy that is not wanted leaves the
    /// directory (`Membuf.cancel` in `endCarrying`). Checked by letting `move` move from anywhere: the replaced record is not found any more; and by leaving out
    /// `cancel`: the directory names the copy, replaced or removed.
    @Test(arguments: [true, false]) func `a record replaced or removed while it is copied keeps its newest word`(isRemoved: Bool) throws {
        let (simulation, volume) = try volume(seed: 3)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        guard case .disk(let stripe, let sequence, let old, _) = volume.pin(simulation.key(0).hash) else {
            Issue.record("not on disk")
            return
        }
        let footer = try #require(StripeScanner(superblock: volume.superblock, device: simulation.device).footer(of: stripe))
        let entry = try #require(footer.entries.first { $0.hash == simulation.key(0).hash })
        let page = PageBuffer(byteCount: 8192)
        let offset = volume.superblock.offset(of: stripe) + Int(entry.unitInStripe) * volume.superblock.recordAlignment
        try simulation.device.read(at: offset, into: page.region)
        let header = try RecordHeader(checking: UnsafeRawBufferPointer(page.region), sequence: sequence, hash: entry.hash)

        let place = try #require(volume.beginCarrying(entry, header, at: old, from: footer))
        if isRemoved { simulation.store.remove(simulation.key(0)) } else { simulation.put(0, version: 2, count: 3000) }
        volume.endCarrying(place, from: old, byteCount: header.totalBytes, isDead: false)

        #expect(simulation.get(0) == (isRemoved ? nil : 2))
        #expect(!place.membuf.entries.contains { $0.unitInStripe == place.entry.unitInStripe && !$0.isTombstone })
        try simulation.flushAndSync()
        try simulation.crash()
        #expect(simulation.get(0) == (isRemoved ? nil : 2))
    }

    /// The same, before the copy has its place: while the stripe's survivors are read.
    @Test(arguments: [true, false]) func `a record replaced or removed while it is read for carrying keeps its newest word`(
        isRemoved: Bool
    ) throws {
        let (simulation, volume) = try volume(seed: 4)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        #expect(simulation.get(0) == 1)
        fillUntilRelocation(simulation, volume)
        if isRemoved { simulation.store.remove(simulation.key(0)) } else { simulation.put(0, version: 2, count: 3000) }
        simulation.engine.run()
        #expect(simulation.get(0) == (isRemoved ? nil : 2))
        try simulation.flushAndSync()
        try simulation.crash()
        #expect(simulation.get(0) == (isRemoved ? nil : 2))
    }

    /// Guard: a stripe under reclaim is readable at its old place until its records have moved. Checked by taking the survivors out of the index
    /// when their stripe is judged: none of the six is served.
    @Test func `a record is served while it is carried`() throws {
        let (simulation, volume) = try volume(seed: 5)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for number in 0..<6 { #expect(simulation.get(number) == 1) }
        fillUntilRelocation(simulation, volume)
        let answers = (0..<6).map { _ in SimulatedStore.Answer() }
        for number in 0..<6 { simulation.store.get(simulation.key(number)) { answers[number].set($0) } }
        simulation.engine.run()
        for answer in answers {
            guard case .found? = answer.value else {
                Issue.record("a record was not served while it was carried")
                continue
            }
        }
        volume.checkInvariants()
    }

    /// Guard: `Membuf.writers` (a relocation is a writer). Checked by leaving `writers == 0` out of `Volume.writeIfReady`: the flush writes the
    /// membuf while the copy has only its place.
    @Test func `a membuf with a relocation under way is not written`() throws {
        let (simulation, volume) = try volume(seed: 6)
        simulation.put(1, version: 1, count: 4000)
        let membuf = try #require(volume.openMembufs.first)
        var deeds: [Volume.Deed] = []
        let wanted = Reservation(hash: simulation.key(2).hash, serial: 5, byteCount: 1000, kind: .object)
        guard case .success(let place) = volume.lock.locked({ volume.reserve(wanted, for: .relocation, &deeds) }) else {
            Issue.record("no place")
            return
        }
        volume.flush {}
        simulation.engine.run()
        #expect(simulation.device.counts.writes > 0)
        #expect(place.membuf !== membuf && volume.membufs[place.membuf.stripe] === place.membuf && !place.membuf.isBeingWritten)
        volume.perform(
            volume.lock.locked {
                place.membuf.writers -= 1
                return volume.writeIfReady(place.membuf)
            }
        )
        simulation.engine.run()
        #expect(volume.membufs[place.membuf.stripe] == nil)
    }

    /// Guard: leases (`StripeCycle.release` is what makes a drained stripe clean). Checked by letting `StripeCycle.drain` always make the stripe
    /// clean: it is filled anew, with another sequence, while the reader has its lease.
    @Test func `a stripe is not overwritten under a read, however long it takes`() throws {
        let (simulation, volume) = try volume(seed: 7)
        simulation.put(0, version: 1, count: 4000)
        simulation.flush()
        let place = volume.pin(simulation.key(0).hash)
        guard case .disk(let stripe, let sequence, _, _) = place else {
            Issue.record("not on disk")
            return
        }
        turn(simulation, from: 100)
        #expect(volume.cycle.sequence(stripe) == sequence && volume.cycle.phase(stripe) != .filling)
        volume.release(place)
        turn(simulation, from: 1000)
        #expect(volume.cycle.sequence(stripe) != sequence)
    }

    @Test func `a stripe that is hot throughout stays in place, and goes when its heat is gone`() throws {
        let (simulation, volume) = try volume(seed: 8)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for _ in 0..<8 { for number in 0..<14 { #expect(simulation.get(number) == 1) } }
        turn(simulation, from: 100)
        #expect(volume.snapshotStatistics().hotStripes == 1)
        for number in 0..<14 { #expect(simulation.get(number) == 1) }
        try simulation.flushAndSync()
        try simulation.crash()
        let reopened = try #require(simulation.store.volume)
        reopened.tune(Tuning(relocationUses: 1))
        for number in 0..<14 { #expect(simulation.get(number) == 1, "a hot stripe survives a crash") }
        for turns in 0..<16 { turn(simulation, from: 1000 + turns * 1000) }
        #expect(reopened.snapshotStatistics().hotStripes == 0)
        #expect((0..<14).allSatisfy { simulation.get($0) == nil })
    }

    /// It was left out of the count when the stripe stayed for the first time: what had been carried often was cold after one turn.
    @Test func `what a record was used for before its stripe stayed is in its count from then on`() throws {
        let (simulation, volume) = try volume(seed: 19)
        for number in 0..<14 {
            try volume.write(simulation.object(number, version: 1, count: 4000), .init(priorUses: UseClass(uses: 16)))
        }
        simulation.flush()
        for number in 100..<1000 where volume.snapshotStatistics().stripesKept == 0 {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
        #expect(volume.snapshotStatistics().stripesKept == 1)
        // Three quarters of 16 is the score, three quarters of that stay: 9, between the classes of 8 and 12.
        for number in 0..<14 {
            let uses = volume.lock.locked { volume.index.find(simulation.key(number).hash)?.uses.uses }
            #expect(uses == 8 || uses == 12)
        }
    }

    @Test func `every record of an object in fragments says how large it is, also after it has been carried`() throws {
        let (simulation, volume) = try volume(seed: 21)
        let key = simulation.key(5000)
        let writer = ObjectWriter(store: simulation.store, key: key, expectedBytes: 100_000)
        [UInt8](repeating: 7, count: 100_000).withUnsafeBytes { writer.append($0) }
        writer.finish(metadata: [])
        #expect(writer.failure == nil)
        simulation.flush()
        /// What the directories on the device have of parts.
        func parts() -> [DirectoryEntry] {
            let scanner = StripeScanner(superblock: volume.superblock, device: simulation.device)
            return (0..<volume.superblock.stripeCount).compactMap { scanner.footer(of: $0) }.flatMap { footer in
                footer.entries.filter { volume.contains($0.hash) && $0.kind != .object && !$0.isTombstone }
            }
        }
        func sizes() -> [Int?] { parts().map(\.objectSize.bytes) }
        func partHashes() -> [KeyHash] { parts().map(\.hash) }
        let written = sizes()
        func isRight(_ size: Int?) -> Bool { size.map { $0 >= 100_000 && $0 <= 126_000 } ?? false }
        #expect(written.count > 3 && written.allSatisfy(isRight), "\(written)")
        // Used often, they outlive a turn.
        for _ in 0..<8 {
            for hash in partHashes() { volume.release(volume.pin(hash)) }
        }
        for number in 100..<1000 where volume.snapshotStatistics().recordsRelocated < 4 {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
        simulation.flush()
        let carried = sizes()
        #expect(volume.snapshotStatistics().recordsRelocated > 3 && !carried.isEmpty && carried.allSatisfy(isRight), "\(carried)")
    }

    @Test func `a small record that was read from the disk takes its own bytes of memory, not the pages it was read with`() throws {
        let simulation = try SimulatedStore(seed: 20)
        for (number, bytes) in [100, 5000, 16_000].enumerated() { simulation.put(number, version: 1, count: bytes) }
        simulation.flush()
        for (number, bytes) in [100, 5000, 16_000].enumerated() {
            let answer = SimulatedStore.Answer()
            simulation.store.get(simulation.key(number)) { answer.set($0) }
            simulation.engine.run()
            let object = try #require(answer.value?.object)
            #expect(object.payloadByteCount == bytes && object.memoryBytes < bytes + bytes / 8 + 300)
        }
    }

    /// The share of a volume of 24 stripes is 6: the coolest of six stripes gives way to another that becomes much hotter.
    @Test func `a hotter stripe takes the place of the coolest hot one`() throws {
        let (simulation, volume) = try volume(stripes: 24, seed: 18)
        let warm = 0..<(8 * 14)
        /// Without looking at the bytes: that is most of the time.
        func touch(_ number: Int) {
            simulation.store.get(simulation.key(number)) { _ in }
            simulation.engine.run()
        }
        func go(_ rounds: Range<Int>, heating heated: Range<Int>...) {
            for round in rounds {
                turn(simulation, from: 1000 + round * 30, records: 30)
                for number in heated.joined() { touch(number) }
                volume.lock.locked { volume.cycle.checkInvariants() }
            }
        }
        func store(_ numbers: Range<Int>) { turn(simulation, from: numbers.lowerBound, records: numbers.count) }
        store(warm)
        go(0..<25, heating: warm)
        #expect(volume.snapshotStatistics().hotStripes == volume.cycle.hotLimit)
        let before = volume.snapshotStatistics().hotStripesReplaced
        // Five uses each round where the others have one.
        let hot = 100_000..<100_028
        store(hot)
        go(25..<50, heating: warm, hot, hot, hot, hot, hot)
        let statistics = volume.snapshotStatistics()
        #expect(statistics.hotStripes == volume.cycle.hotLimit)
        #expect(statistics.hotStripesReplaced > before)
        #expect(hot.count { simulation.get($0) == 1 } >= 24)
        let outside = hot.count { number in
            guard let entry = volume.lock.locked({ volume.index.find(simulation.key(number).hash) }) else { return false }
            return volume.cycle.phase(entry.address.stripe(unitsPerStripe: volume.unitsPerStripe)) == .hot
        }
        #expect(outside >= 14, "most of what is hottest stands outside the turn")
        try simulation.flushAndSync()
        try simulation.crash()
        #expect(hot.count { simulation.get($0) == 1 } >= 24)
        simulation.flush()
        simulation.store.volume?.checkNothingLeaks()
    }

    /// Guard: `SupersededRecords`. The hot stripe outlives the stripe with the newer word on a key of its own. Checked by letting `add` do nothing: the
    /// removed record and the replaced one are served after the crash.
    @Test func `what a hot stripe holds of a removed key does not come back after a crash`() throws {
        let (simulation, volume) = try volume(seed: 9)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        func heat() { for _ in 0..<8 { for number in 2..<14 { #expect(simulation.get(number) == 1) } } }
        for _ in 0..<8 { for number in 0..<14 { #expect(simulation.get(number) == 1) } }
        turn(simulation, from: 100)
        #expect(volume.snapshotStatistics().hotStripes == 1)
        simulation.store.remove(simulation.key(0))
        simulation.put(1, version: 2, count: 4000)
        for turns in 1..<4 {
            heat()
            turn(simulation, from: turns * 1000)
        }
        #expect(volume.snapshotStatistics().hotStripes == 1 && simulation.get(1) == nil)
        try simulation.flushAndSync()
        try simulation.crash()
        #expect(simulation.get(0) == nil)
        #expect(simulation.get(1) == nil)
        #expect(simulation.get(2) == 1)
    }

    @Test(arguments: [0, 50, 100]) func `the ancestor copies a hit to the head when enough stripes were written since`(percent: Int) throws
    {
        let simulation = try SimulatedStore(stripes: 20, seed: 10, replacement: .relocateOnHit(percent: percent), membufs: 6)
        let volume = try #require(simulation.store.volume)
        simulation.put(0, version: 1, count: 4000)
        simulation.flush()
        // Five stripes on, then twelve.
        for (records, isPastHalf) in [(75, false), (105, true)] {
            turn(simulation, from: 1000 + records * 10, records: records)
            let before = volume.snapshotStatistics().recordsRelocated
            #expect(simulation.get(0) == 1)
            let copied = volume.snapshotStatistics().recordsRelocated - before
            #expect(copied == (percent == 0 || (percent == 50 && isPastHalf) ? 1 : 0))
        }
        #expect(simulation.get(0) == 1)
        volume.checkInvariants()
    }

    @Test func `a group written together is read together, without those replaced since`() throws {
        let simulation = try SimulatedStore(stripes: 20, seed: 11)
        let volume = try #require(simulation.store.volume)
        simulation.put(99, version: 1, count: 500)
        let objects = (0..<8).map { simulation.object($0, version: 1, count: 1000 + $0 * 100) }
        _ = try volume.writeRun(objects, group: 7)
        simulation.flush()
        simulation.put(3, version: 2, count: 10)
        simulation.flush()
        for leader in [0, 5, 7] {
            let found = SimulatedStore.Collected<RecordBox>()
            RecordReader(volume: volume).read(simulation.key(leader)) { result in
                guard case .found(let box) = result else { return }
                RunReader(volume: volume).readNeighbours(of: box) { found.set($0) }
            }
            let before = simulation.device.counts.reads
            simulation.engine.run()
            #expect(simulation.device.counts.reads - before == 2)
            let names = found.value.map { box in
                guard let image = box.open() else { return "opened before" }
                return String(decoding: image.key.bytes, as: UTF8.self)
            }
            #expect(names.sorted() == (0..<8).filter { $0 != 3 && $0 != leader }.map { "key-\($0)" })
        }
    }

    @Test(arguments: 1...6) func `everything at once, with faults and crashes, never brings back an older word`(seed: UInt64) throws {
        let simulation = try SimulatedStore(stripes: 20, seed: seed, replacement: .gyre, membufs: 6)
        var random = SeededRandom(seed: seed &* 77)
        var newest: [Int: Int] = [:]
        /// Versions that may be found: the death of the process can lose the newest, so anything from the last one that was flushed on.
        var floor: [Int: Int] = [:]
        var (hits, relocated) = (0, 0)
        for version in 1...3000 {
            simulation.store.volume?.tune(Tuning(relocationUses: Float(1 + version % 1000 / 500)))
            let number = Int(random.next() % 40) * Int(random.next() % 4)
            switch random.next() % 64 {
            case 0..<24:
                newest[number] = version
                simulation.put(number, version: version, count: Int(random.next() % 9000))
            case 24:
                simulation.store.remove(simulation.key(number))
                newest[number] = version
            case 25:
                try simulation.flushAndSync()
                floor.merge(newest) { max($0, $1) }
            case 26 where version % 7 == 0:
                relocated += simulation.store.statistics.volume?.recordsRelocated ?? 0
                simulation.engine.run()
                try simulation.kill()
                // What is left is what the model must go on from.
                for number in 0..<160 {
                    let found = simulation.get(number)
                    #expect((found ?? .max) >= floor[number] ?? 0, "seed \(seed) step \(version): key \(number) went back")
                    // One that is not found may be what a crash has lost: then no flush to come makes it durable.
                    newest[number] = found
                    if let found { floor[number] = max(found, floor[number] ?? 0) }
                }
            default:
                if let found = simulation.get(number) {
                    hits += 1
                    #expect(found == newest[number], "seed \(seed) step \(version)")
                }
            }
            if random.next() % 3 == 0 { simulation.engine.step() }
            simulation.store.volume?.checkInvariants()
        }
        #expect(hits > 200)
        #expect(relocated > 0)
    }
}
