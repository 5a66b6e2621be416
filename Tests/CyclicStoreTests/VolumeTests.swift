// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct VolumeTests {
    @Test func `an object is read from its membuf before it is on disk, and from disk after`() throws {
        let simulation = try SimulatedStore(seed: 1)
        simulation.put(1, version: 1, count: 5000)
        #expect(simulation.device.counts.bytesWritten < SimulatedStore.stripeBytes)
        #expect(simulation.get(1) == 1)
        simulation.flush()
        #expect(simulation.get(1) == 1)
        let statistics = try #require(simulation.store.statistics.volume)
        #expect(statistics.membufReads == 1 && statistics.deviceReads == 1 && statistics.stripesWritten == 1)
    }

    @Test func `a stripe is written by one write`() throws {
        let simulation = try SimulatedStore(seed: 2)
        let before = simulation.device.counts.writes
        for number in 0..<12 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        #expect(simulation.device.counts.writes == before + 1)
    }

    @Test func `everything flushed is there after a restart, removed things are not`() throws {
        let simulation = try SimulatedStore(seed: 3)
        for number in 0..<40 { simulation.put(number, version: 1, count: 1000 + number * 10) }
        for number in 0..<10 { simulation.put(number, version: 2, count: 500) }
        simulation.store.remove(simulation.key(20))
        simulation.flush()
        try simulation.reopen()
        for number in 0..<40 { #expect(simulation.get(number) == (number == 20 ? nil : number < 10 ? 2 : 1)) }
    }

    @Test func `a full volume turns, forgets the oldest and never serves a wrong byte`() throws {
        let simulation = try SimulatedStore(stripes: 8, seed: 4)
        for number in 0..<2000 {
            simulation.put(number, version: 1, count: 3000)
            simulation.engine.run()
            #expect(simulation.get(number) == 1)
            #expect(simulation.get(number - 50) == (number < 50 ? nil : 1))
        }
        let statistics = try #require(simulation.store.statistics.volume)
        #expect(statistics.stripesWritten > 8 * 8 && statistics.recordsReclaimed > 1500)
        #expect((0..<1800).allSatisfy { simulation.get($0) == nil })
        simulation.store.volume?.checkInvariants()
    }

    /// Guard: leases in `StripeCycle.drain` and `release`.
    ///
    /// Checked by taking it out (`drain` always making the stripe clean): no write is refused, and the stripe holds another sequence while the
    /// reader has it.
    @Test func `a stripe under a read is not overwritten`() throws {
        let simulation = try SimulatedStore(stripes: 8, seed: 5)
        simulation.put(1, version: 1, count: 3000)
        simulation.flush()
        let answer = SimulatedStore.Answer()
        let volume = try #require(simulation.store.volume)
        let place = volume.pin(simulation.key(1).hash)
        guard case .disk(let stripe, let sequence, _, _) = place else {
            Issue.record("not on disk")
            return
        }
        var refused = 0
        for number in 100..<1500 {
            if simulation.put(number, version: 1, count: 3000) != nil { refused += 1 }
            simulation.engine.run()
        }
        #expect(refused > 0, "writing waits for the reader")
        let scanner = StripeScanner(superblock: volume.superblock, device: simulation.device)
        #expect(scanner.footer(of: stripe)?.sequence == sequence, "the stripe still holds what the reader wants")
        volume.release(place)
        for number in 2000..<2100 {
            simulation.put(number, version: 1, count: 3000)
            simulation.engine.run()
        }
        #expect(simulation.get(2099) == 1)
        _ = answer
    }

    @Test(arguments: 1...30) func `random work with crashes at any moment never serves a wrong byte or an older version than was durable`(
        seed: Int
    ) throws {
        let simulation = try SimulatedStore(stripes: 8, memoryBytes: seed % 2 * 40_000, seed: UInt64(seed))
        var random = SeededRandom(seed: UInt64(seed) &* 77)
        var newest = [Int](repeating: 0, count: 60)
        var version = 0
        for step in 0..<1500 {
            let number = Int(random.next() % 60)
            switch random.next() % 16 {
            case 0..<7:
                version += 1
                newest[number] = version
                simulation.put(number, version: version, count: Int(random.next() % 9000))
            case 7:
                simulation.store.remove(simulation.key(number))
                newest[number] = 0
            case 8, 9:
                for _ in 0..<Int(random.next() % 8) { simulation.engine.step() }
            case 10 where random.next() % 12 == 0:
                try simulation.crash()
                // What had not reached the disk may be gone; from here on only what is served now counts.
                for number in 0..<60 {
                    let found = simulation.get(number)
                    if let found { #expect(found <= version) }
                    newest[number] = found ?? 0
                }
            default:
                if let found = simulation.get(number) { #expect(found == newest[number], "seed \(seed) step \(step): key \(number)") }
            }
            simulation.store.volume?.checkInvariants()
        }
    }

    @Test(arguments: 1...20) func `read errors, flipped bits and failed writes cost misses, never wrong bytes`(seed: Int) throws {
        let simulation = try SimulatedStore(stripes: 8, seed: UInt64(seed))
        var faults = SimulatedDevice.Faults()
        faults.readError = SimulatedDevice.Faults.chance(0.05)
        faults.bitFlip = SimulatedDevice.Faults.chance(0.05)
        faults.writeError = SimulatedDevice.Faults.chance(0.02)
        simulation.device.setFaults(faults)
        var random = SeededRandom(seed: UInt64(seed))
        var newest = [Int](repeating: 0, count: 50)
        var hits = 0
        for version in 1...2000 {
            let number = Int(random.next() % 50)
            if random.next() % 2 == 0 {
                newest[number] = version
                simulation.put(number, version: version, count: Int(random.next() % 6000))
            } else if let found = simulation.get(number) {
                #expect(found == newest[number], "seed \(seed)")
                hits += 1
            }
            if random.next() % 4 == 0 { simulation.engine.step() }
        }
        #expect(hits > 100 && simulation.device.counts.faults > 10)
    }

    @Test func `a damaged stripe is dropped alone`() throws {
        let simulation = try SimulatedStore(seed: 6)
        for number in 0..<60 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        let superblock = try #require(simulation.store.volume?.superblock)
        simulation.device.corrupt(at: superblock.offset(of: 1) + superblock.stripeBytes - 10)
        try simulation.reopen()
        let found = (0..<60).filter { simulation.get($0) == 1 }
        #expect(found.count > 30 && found.count < 60)
        #expect(simulation.store.statistics.volume?.damagedStripes == 1)
    }

    @Test func `three failed writes in a row set the volume aside and nothing fails above`() throws {
        let simulation = try SimulatedStore(memoryBytes: 1 << 20, seed: 7)
        simulation.device.setFailsAll(true)
        for number in 0..<200 {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
        #expect(simulation.store.statistics.volume?.isOffline == true)
        #expect(simulation.get(199) == 1, "served from memory")
        #expect(simulation.put(500, version: 1, count: 10) == .volumeOffline)
    }

    @Test func `the second superblock stands in for the first`() throws {
        let simulation = try SimulatedStore(seed: 8)
        simulation.put(1, version: 1, count: 100)
        simulation.flush()
        simulation.device.corrupt(at: 20)
        try simulation.reopen()
        #expect(simulation.get(1) == 1)
    }

    @Test func `something that is not a volume is refused and left as it is`() throws {
        let device = SimulatedDevice(byteCount: 1 << 20, seed: 1)
        let page = PageBuffer(byteCount: 4096)
        for index in 0..<4096 { page.region[index] = UInt8(index & 127) | 1 }
        try device.write(at: 0, from: UnsafeRawBufferPointer(page.region))
        let writes = device.counts.writes
        var configuration = StoreConfiguration()
        configuration.volumePath = "x"
        configuration.stripeBytes = 65536
        let error = #expect(throws: StoreError.self) {
            try CyclicStore.open(configuration, device: device, engine: SteppedEngine(seed: 1), nowSeconds: { 0 })
        }
        #expect(error?.reason == .notAVolume && device.counts.writes == writes)
    }

    @Test func `writers that were refused are told when there is room`() throws {
        let simulation = try SimulatedStore(seed: 9)
        var number = 0
        while simulation.put(number, version: 1, count: 6000) == nil { number += 1 }
        let told = SimulatedStore.Answer()
        #expect(simulation.store.whenRoom { told.set(.miss(.absent)) })
        #expect(told.value == nil)
        simulation.engine.run()
        #expect(told.value != nil && simulation.put(number, version: 1, count: 6000) == nil)
    }
}
