// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// What the reuse statistics say of each record that leaves. Up to four uses are counted exactly.
@Suite struct ReuseCountTests {
    private func volume(
        stripes: Int = 24,
        seed: UInt64,
        replacement: Replacement = .gyre
    ) throws -> (SimulatedStore, Volume) {
        let simulation = try SimulatedStore(stripes: stripes, seed: seed, replacement: replacement, membufs: 6)
        let volume = try #require(simulation.store.volume)
        try #require(volume.restart.isOn)
        volume.tune(Tuning(relocationUses: 1))
        return (simulation, volume)
    }

    /// Stores records that are never used, a turn of them and more.
    private func turn(_ simulation: SimulatedStore, _ number: Int, records: Int = 400) {
        for record in 0..<records {
            simulation.put(1000 * (number + 1) + record, version: 1, count: 4000)
            simulation.engine.run()
        }
    }

    private func use(_ simulation: SimulatedStore, _ records: some Sequence<Int>, times: Int) {
        for _ in 0..<times { for number in records { #expect(simulation.get(number) == 1) } }
    }

    /// Records that left with the number of uses of a class, by the number of uses that names it.
    private func left(_ statistics: ReuseStatistics) -> [String: Int] {
        var left: [String: Int] = [:]
        for useClass in 0..<ReuseStatistics.useClasses where statistics.records(useClass: useClass) > 0 {
            left[ReuseStatistics.useName(useClass)] = Int(statistics.records(useClass: useClass))
        }
        return left
    }

    /// The counts of a stripe that stays are aged each time the head passes over it. Checked by logging the directory as it was.
    @Test(arguments: [false, true]) func `what leaves a hot stripe leaves with all its uses`(isRestarted: Bool) throws {
        // A snapshot counts only where more stripes are left than may be open at once.
        let stripes = isRestarted ? 56 : 24
        var (simulation, volume) = try volume(stripes: stripes, seed: 1)
        let (records, round) = (0..<14, stripes * 17)
        for number in records { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        use(simulation, records, times: 2)
        turn(simulation, 1, records: round)
        #expect(volume.snapshotStatistics().hotStripes == 1)
        use(simulation, records, times: 1)
        if isRestarted {
            // So far that the start does not take the hot stripe back.
            turn(simulation, 9, records: 200)
            simulation.flush()
            simulation.store.saveForRestart {}
            simulation.engine.run()
            simulation.store.tick()
            try simulation.reopen()
            volume = try #require(simulation.store.volume)
            volume.tune(Tuning(relocationUses: 1))
        }
        turn(simulation, 2, records: round)
        #expect(volume.snapshotStatistics().hotStripes == 1)
        use(simulation, records, times: 1)
        volume.tune(Tuning(relocationUses: 1000))
        turn(simulation, 3, records: round)
        #expect(records.allSatisfy { simulation.get($0) == nil })
        let left = left(volume.snapshotStatistics().reuse)
        #expect(left["4"] == 14 && left.keys.sorted() == ["0", "4"], "\(left)")
    }

    /// Carried first, then in a stripe that stays, then carried or dropped. Checked by adding the uses before it was carried to the aged count.
    @Test func `uses before a record came to a hot stripe count once`() throws {
        let (simulation, volume) = try volume(seed: 2)
        for number in 0..<28 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        let records = stride(from: 0, to: 28, by: 2)
        use(simulation, records, times: 1)
        turn(simulation, 1)
        #expect(volume.snapshotStatistics().recordsRelocated >= 14)
        simulation.flush()
        use(simulation, records, times: 2)
        turn(simulation, 2)
        #expect(volume.snapshotStatistics().hotStripes == 1)
        volume.tune(Tuning(relocationUses: 1000))
        turn(simulation, 3)
        #expect(records.allSatisfy { simulation.get($0) == nil })
        let left = left(volume.snapshotStatistics().reuse)
        #expect(left["2"] == 14 && left.keys.sorted() == ["0", "2"])
    }

    /// Checked by counting from nothing in the new place.
    @Test func `a record that is copied on a hit leaves with all its uses`() throws {
        let (simulation, volume) = try volume(seed: 3, replacement: .relocateOnHit(percent: 50))
        let records = 0..<10
        for number in records { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for number in 0..<4 {
            turn(simulation, number, records: 230)
            simulation.flush()
            use(simulation, records, times: 1)
        }
        #expect(volume.snapshotStatistics().recordsRelocated >= 40)
        for number in 4..<8 { turn(simulation, number) }
        #expect(left(volume.snapshotStatistics().reuse)["4"] == 10)
    }

    @Test func `a use while a record is carried is not lost`() {
        var index = PackedIndex(totalUnits: 1 << 20, expectedCount: 100)
        let (hash, old, new) = (KeyHash(high: 5, low: 9), RecordAddress(units: 100), RecordAddress(units: 200))
        index.insert(hash, address: old, units: 3)
        index.addUses(2, to: hash)
        _ = index.use(hash)
        let isMoved = index.move(hash, from: old, to: new, counted: UseClass(uses: 2))
        let found = index.find(hash)
        #expect(isMoved && found == .init(address: new, unitsToRead: 3, uses: UseClass(uses: 1)))
    }

    /// Checked by taking the count out of `forgetUnread`, and by counting what is replaced and removed.
    @Test func `every record whose place is taken counts once, and no other`() throws {
        let (simulation, volume) = try volume(seed: 4)
        for number in 0..<60 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        use(simulation, [0, 1], times: 1)
        // Of one version each is left.
        for number in 0..<5 { simulation.put(number, version: 2, count: 4000) }
        for number in 5..<10 { simulation.store.remove(simulation.key(number)) }
        simulation.flush()
        // One record and one directory are damaged.
        guard case .disk(let stripe, _, let address, _) = volume.pin(simulation.key(20).hash) else {
            Issue.record("not on disk")
            return
        }
        volume.release(.disk(stripe: stripe, sequence: 0, address: address, unitsToRead: 0))
        let superblock = volume.superblock
        simulation.device.corrupt(at: Int(address.units) * superblock.recordAlignment + superblock.dataOffset + 200)
        #expect(simulation.get(20) == nil)
        simulation.device.corrupt(at: superblock.offset(of: stripe) + superblock.stripeBytes - 60)
        #expect(volume.snapshotStatistics().reuse.total == 0)
        turn(simulation, 1, records: 280)
        let statistics = volume.snapshotStatistics()
        #expect(statistics.damagedRecords == 1 && volume.lock.locked { volume.unreadStripes.contains(stripe) })
        // Of the first sixty records five were replaced, five removed and one damaged.
        let absent = (0..<60).count { simulation.get($0) == nil }
        #expect(absent == 55 && left(statistics.reuse) == ["0": statistics.recordsReclaimed] && statistics.recordsReclaimed == 49)
    }

    /// Checked by taking the record's own size.
    @Test func `a part of an object in fragments counts by the object's size`() throws {
        let (simulation, volume) = try volume(seed: 5)
        let writer = ObjectWriter(store: simulation.store, key: simulation.key(0), expectedBytes: 200_000)
        let body = SimulatedStore.body(0, version: 1, count: 200_000)
        body.withUnsafeBytes { writer.append($0) }
        writer.finish(metadata: [])
        while writer.isBlocked, simulation.engine.step() { writer.resume() }
        #expect(writer.failure == nil)
        turn(simulation, 1)
        let reuse = volume.snapshotStatistics().reuse
        let whole = ReuseStatistics.sizeClass(bytes: 200_000)
        let parts = (0..<ReuseStatistics.useClasses).reduce(UInt64(0)) { $0 + reuse.records[whole * ReuseStatistics.useClasses + $1] }
        let bytes = (0..<ReuseStatistics.useClasses).reduce(UInt64(0)) { $0 + reuse.bytes[whole * ReuseStatistics.useClasses + $1] }
        #expect(parts > 1 && bytes >= 200_000 && bytes < 220_000)
    }
}
