// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// What reaches the disk, and when, with Gyre's own replacement.
@Suite struct AdmissionWiringTests {
    private func store(stripes: Int = 24, memoryBytes: Int = 60_000, seed: UInt64) throws -> SimulatedStore {
        try SimulatedStore(stripes: stripes, memoryBytes: memoryBytes, seed: seed, replacement: .gyre, membufs: 6)
    }

    /// Puts with steps of the engine in between.
    private func fill(_ simulation: SimulatedStore, _ numbers: Range<Int>, count: Int = 2000) {
        for number in numbers {
            simulation.put(number, version: 1, count: count)
            simulation.engine.run()
        }
    }

    @Test func `an object stays in memory first, and is written when it leaves while the volume fills`() throws {
        let simulation = try store(seed: 1)
        simulation.put(1, version: 1, count: 1000)
        simulation.flush()
        #expect(simulation.store.statistics.volume?.recordsWritten == 0 && simulation.store.statistics.memoryOnlyObjects == 1)
        fill(simulation, 100..<200)
        #expect(simulation.store.statistics.admission["filling"] ?? 0 > 50)
        simulation.flush()
        #expect(simulation.get(1) == 1, "from the disk, where it went when it left memory")
    }

    @Test func `when the volume is full, what was asked for once stays off the disk and what came twice does not`() throws {
        let simulation = try store(seed: 2)
        simulation.store.volume?.tune(Tuning(writeChance: 0))
        fill(simulation, 1000..<3000)
        let before = simulation.store.statistics.volume?.recordsWritten ?? 0
        // Nothing is by chance until the models have a word; the default chance is an eighth.
        fill(simulation, 5000..<5200)
        let once = (simulation.store.statistics.volume?.recordsWritten ?? 0) - before
        #expect(once < 80, "an eighth of 200, and no more")
        // They come again, after they left memory.
        fill(simulation, 5000..<5200)
        #expect((simulation.store.statistics.volume?.recordsWritten ?? 0) - before - once > 120)
        #expect(simulation.store.statistics.admission["seen-again"] ?? 0 > 100)
    }

    @Test func `what was never used again is counted so, whatever brought it, and memory's hits count as uses`() throws {
        let simulation = try store(seed: 8)
        simulation.store.volume?.tune(Tuning(writeChance: 1))
        fill(simulation, 0..<3000)
        let never = simulation.store.statistics.volume?.reuse
        let (unused, total) = (never?.records(useClass: 0) ?? 0, never?.total ?? 0)
        #expect(total > 300 && unused == total, "\(unused) of \(total)")
        for number in 5000..<8000 {
            simulation.put(number, version: 1, count: 2000)
            #expect(simulation.get(number) == 1)
            simulation.engine.run()
        }
        let used = simulation.store.statistics.volume?.reuse
        #expect((used?.records(useClass: 1) ?? 0) > 300)
    }

    @Test func `an older object on the disk does not come back when a newer one leaves memory unwritten`() throws {
        let simulation = try store(seed: 3)
        fill(simulation, 1000..<3000)
        for number in 0..<40 {
            // Twice, far apart: it is on the disk.
            for _ in 0..<2 {
                simulation.put(number, version: 1, count: 1500)
                fill(simulation, (4000 + number * 100)..<(4060 + number * 100))
            }
            // Not asked for again: it may leave memory unwritten.
            simulation.put(number, version: 2, count: 1500)
        }
        fill(simulation, 20_000..<20_200)
        simulation.flush()
        for restart in [false, true] {
            if restart { try simulation.kill() }
            for number in 0..<40 { #expect(simulation.get(number) ?? 2 == 2, "key \(number)") }
        }
    }

    @Test func `removing reaches an object that is in memory alone, and one on its way to the disk`() throws {
        let simulation = try store(seed: 4)
        simulation.put(1, version: 1, count: 1000)
        #expect(simulation.store.remove(simulation.key(1)) && simulation.get(1) == nil)
        fill(simulation, 100..<200)
        simulation.flush()
        #expect(simulation.get(1) == nil)
    }

    @Test func `a purge reaches what is in memory alone, and what leaves it afterwards`() throws {
        let simulation = try store(seed: 5)
        for number in 0..<20 { simulation.put(number, version: 1, count: 1000) }
        simulation.store.purge(.everything)
        fill(simulation, 100..<200)
        simulation.flush()
        for restart in [false, true] {
            if restart { try simulation.crash() }
            for number in 0..<20 { #expect(simulation.get(number) == nil) }
        }
    }

    @Test func `a large object is written as it comes, or not at all`() throws {
        let simulation = try store(seed: 6)
        fill(simulation, 1000..<3000)
        var refused = 0
        for number in 0..<20 {
            let writer = ObjectWriter(store: simulation.store, key: simulation.key(number))
            [UInt8](repeating: 1, count: 20_000).withUnsafeBytes { writer.append($0) }
            writer.finish(metadata: [])
            simulation.engine.run()
            writer.resume()
            if writer.failure == .refused(.notAdmitted) { refused += 1 }
        }
        #expect(refused > 10, "seen once")
        var stored = 0
        for number in 0..<20 {
            let writer = ObjectWriter(store: simulation.store, key: simulation.key(number))
            [UInt8](repeating: 1, count: 20_000).withUnsafeBytes { writer.append($0) }
            writer.finish(metadata: [])
            simulation.engine.run()
            writer.resume()
            if writer.failure == nil { stored += 1 }
        }
        #expect(stored >= refused, "seen twice")
    }

    @Test func `at a stop what is in memory alone is written while the volume fills, and found after the next start`() async throws {
        try await TemporaryFolder.with { folder in
            var configuration = StoreConfiguration()
            configuration.volumePath = folder + "/volume"
            configuration.stripeBytes = 65536
            configuration.volumeBytes = 65 * 65536
            configuration.memoryBytes = 1 << 20
            configuration.replacement = .gyre
            let store = try CyclicStore.open(configuration)
            for number in UInt8(0)..<100 { store.put(PlainObject(store.key([number]), bytes: [UInt8](repeating: number, count: 3000))) }
            for number in UInt8(0)..<50 { _ = await store.get(store.key([number])) }
            await store.close()
            let again = try CyclicStore.open(configuration)
            for number in UInt8(0)..<100 {
                let found = await again.get(again.key([number])).object as? PlainObject
                #expect(found?.bytes == [UInt8](repeating: number, count: 3000))
            }
            await again.close()
        }
    }

    @Test(arguments: 1...6) func `whatever is put, removed and purged, and whenever the process dies, nothing older comes back`(
        seed: UInt64
    ) throws {
        let simulation = try store(stripes: 20, memoryBytes: 40_000, seed: seed)
        var random = SeededRandom(seed: seed &* 31)
        var newest = [Int](repeating: 0, count: 40)
        /// What was durable: a crash may bring it back when the newer one was not.
        var floor = newest
        var hits = 0
        for version in 1...2000 {
            let number = Int(random.next() % 40)
            let group = random.next() % 3 == 0 ? random.next() % 4 : nil
            switch random.next() % 64 {
            case 0..<28:
                newest[number] = version
                let object = PlainObject(
                    simulation.key(number),
                    metadata: SimulatedStore.metadata(number: number, version: version, count: 1800),
                    bytes: SimulatedStore.body(number, version: version, count: 1800)
                )
                simulation.store.put(object, group: group)
            case 28..<32:
                simulation.store.remove(simulation.key(number))
                newest[number] = 0
            case 32:
                simulation.store.purge(.everything)
                simulation.engine.run()
                newest = newest.map { _ in 0 }
                floor = newest
            case 33:
                simulation.flush()
                floor = newest
            case 34:
                try simulation.kill()
                for number in 0..<40 {
                    let found = simulation.get(number)
                    if let found { #expect(found >= floor[number] && found <= version, "seed \(seed): key \(number)") }
                    newest[number] = found ?? newest[number]
                    if found == nil { newest[number] = max(newest[number], floor[number]) }
                }
                // What is missing now must not come back later: forget it for good.
                for number in 0..<40 where simulation.get(number) == nil {
                    simulation.store.remove(simulation.key(number))
                    newest[number] = 0
                }
            case 35..<40: simulation.store.tick()
            case 40..<50:
                simulation.put(1000 + version, version: 1, count: 3000)
            default:
                if let found = simulation.get(number) {
                    #expect(found == newest[number], "seed \(seed), version \(version): key \(number)")
                    hits += 1
                }
            }
            for _ in 0..<(random.next() % 4) { simulation.engine.step() }
            simulation.store.checkInvariants()
        }
        #expect(hits > 40)
    }
}
