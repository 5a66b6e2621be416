// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// Starts: after a clean stop, after a crash, with parts of what was written for it damaged, and while the store is used.
@Suite struct RestartTests {
    /// A volume that has been round more than once, with objects of which the newest are all there.
    private final class World {
        let simulation: SimulatedStore
        var versions: [Int: Int] = [:]
        let superblock: Superblock

        init(seed: UInt64, objects: Int = 1500) throws {
            simulation = try SimulatedStore(stripes: 64, seed: seed)
            superblock = try #require(simulation.store.volume).superblock
            try #require(superblock.regions.haveRestartLog)
            for number in 0..<objects { put(number % 1200, version: number) }
        }

        func put(_ number: Int, version: Int) {
            #expect(simulation.put(number, version: version, count: 2000 + number % 900) == nil)
            versions[number] = version
            simulation.engine.run()
            if version % 50 == 0 { simulation.store.tick() }
            simulation.engine.run()
        }

        /// What is found, with what is found checked.
        func found() -> Set<Int> {
            var found: Set<Int> = []
            for (number, version) in versions {
                guard let got = simulation.get(number) else { continue }
                #expect(got == version, "key \(number)")
                found.insert(number)
            }
            return found
        }

        func stop() throws {
            simulation.flush()
            simulation.store.saveForRestart {}
            simulation.engine.run()
            try simulation.device.sync()
        }

        var volume: Volume { get throws { try #require(simulation.store.volume) } }
    }

    /// A start takes the few stripes back that come next; what else there was must be there.
    private static func isNearlyAll(_ found: Set<Int>, of before: Set<Int>) -> Bool {
        found.isSubset(of: before) && found.count >= before.count - 130 && found.count > 600
    }

    @Test func `a clean stop leaves a snapshot from which the next start knows everything`() throws {
        let world = try World(seed: 1)
        let before = world.found()
        try world.stop()
        let mark = try #require(TurnMark.newest(of: world.superblock, on: world.simulation.device))
        #expect(mark.closedSnapshot != 0)
        let operations = world.simulation.device.counts.operations
        try world.simulation.reopen()
        // Superblocks, journal, marks, snapshot, and the stripes that are taken back: not every stripe.
        #expect(world.simulation.device.counts.operations - operations < 60)
        #expect(Self.isNearlyAll(world.found(), of: before))
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `after a loss of power everything that was synced is there`(seed: UInt64) throws {
        let world = try World(seed: seed)
        try world.simulation.flushAndSync()
        let before = world.found()
        try world.simulation.crash()
        let found = world.found()
        #expect(Self.isNearlyAll(found, of: before), "\(found.count) of \(before.count)")
    }

    @Test func `a damaged snapshot is replaced by the log`() throws {
        let world = try World(seed: 3)
        let before = world.found()
        try world.stop()
        let header = try #require(SnapshotHeader.newest(of: world.superblock, on: world.simulation.device))
        let slot = SnapshotHeader.slot(header.generation, in: world.superblock.regions.snapshot)
        // In the shards, which are read when the store serves already.
        var offset = slot.offset + Limits.pageBytes
        let chunk = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
        for number in 0..<header.stripeChunkCount {
            let region = chunk.region.part(0, min(SnapshotHeader.chunkBytes, slot.end - offset))
            try world.simulation.device.read(at: offset, into: region)
            let content = SnapshotChunk.content(
                of: UnsafeRawBufferPointer(region),
                number: number,
                generation: header.generation,
                volumeID: world.superblock.volumeID
            )
            offset += SnapshotChunk.length(used: try #require(content).count)
        }
        world.simulation.device.corrupt(at: offset + 200)
        try world.simulation.reopen()
        #expect(Self.isNearlyAll(world.found(), of: before))
    }

    /// Whatever the log says besides: as it was, damaged in every third page, or in all.
    @Test(arguments: [0, 3, 1]) func `with both marks damaged every stripe is read, and the log put right`(damagedPages: Int) throws {
        let world = try World(seed: 4)
        try world.simulation.flushAndSync()
        let before = world.found()
        for number in 0..<2 as Range<UInt64> {
            world.simulation.device.corrupt(at: TurnMark.offset(of: number, in: world.superblock.regions.marks) + 30)
        }
        if damagedPages > 0 {
            for stripe in stride(from: 0, to: world.superblock.stripeCount, by: damagedPages) {
                world.simulation.device.corrupt(at: FooterLogPage.offset(of: stripe, world.superblock) + 50)
            }
        }
        var operations = world.simulation.device.counts.operations
        try world.simulation.reopen()
        #expect(world.simulation.device.counts.operations - operations > world.superblock.stripeCount)
        let found = world.found()
        #expect(Self.isNearlyAll(found, of: before))
        // The snapshot from before counts no more, so the next start has nothing but the log.
        operations = world.simulation.device.counts.operations
        try world.simulation.kill()
        #expect(world.simulation.device.counts.operations - operations < world.superblock.stripeCount)
        #expect(Self.isNearlyAll(world.found(), of: found))
        for number in 2000..<2100 { world.put(number, version: number) }
        #expect(world.found().isSuperset(of: 2050..<2100))
    }

    @Test func `without marks what was removed or replaced stays so, though older records of it are on the disk`() throws {
        let world = try World(seed: 9)
        let numbers = world.found().sorted().suffix(200)
        for (position, number) in numbers.enumerated() {
            if position % 2 == 0 {
                world.simulation.store.remove(world.simulation.key(number))
                world.versions[number] = nil
            } else {
                world.put(number, version: 50_000 + number)
            }
        }
        try world.simulation.flushAndSync()
        for number in 0..<2 as Range<UInt64> {
            world.simulation.device.corrupt(at: TurnMark.offset(of: number, in: world.superblock.regions.marks) + 30)
        }
        try world.simulation.crash()
        // Versions are checked.
        #expect(world.found().count > 500)
        for (position, number) in numbers.enumerated() where position % 2 == 0 { #expect(world.simulation.get(number) == nil) }
    }

    @Test func `what is put or removed while the index is made holds`() throws {
        // Not full yet: one that is full takes nothing before its index is complete.
        let world = try World(seed: 5, objects: 700)
        try world.simulation.flushAndSync()
        let before = world.found()
        let numbers = before.sorted().suffix(40)
        let engine = SteppedEngine(seed: 99)
        var configuration = StoreConfiguration()
        configuration.volumePath = "simulated"
        configuration.volumeBytes = world.simulation.device.byteCount
        configuration.stripeBytes = SimulatedStore.stripeBytes
        configuration.membufs = 4
        configuration.memoryBytes = 0
        configuration.replacement = .cyclic
        world.simulation.engine.dropAll()
        let store = try CyclicStore.open(configuration, device: world.simulation.device, engine: engine, nowSeconds: { 1_700_000_100 })
        let volume = try #require(store.volume)
        #expect(volume.snapshotStatistics().isRebuilding, "the test wants a store that serves before its index is complete")
        var removed: [Int] = []
        for (position, number) in numbers.enumerated() {
            if position % 2 == 0 {
                store.remove(store.key(Array("key-\(number)".utf8)))
                removed.append(number)
            } else {
                let new = PlainObject(
                    RecordImage(
                        kind: .object,
                        key: store.key(Array("key-\(number)".utf8)),
                        metadata: SimulatedStore.metadata(number: number, version: 77_777, count: 10),
                        payload: .copy(of: SimulatedStore.body(number, version: 77_777, count: 10))
                    )
                )
                // Until a stripe is known to be free there is no room.
                while store.put(new) != nil, engine.step() {}
            }
            engine.step()
        }
        engine.run()
        #expect(!volume.snapshotStatistics().isRebuilding)
        for (position, number) in numbers.enumerated() {
            let answer = SimulatedStore.Answer()
            store.get(store.key(Array("key-\(number)".utf8))) { answer.set($0) }
            engine.run()
            switch answer.value {
            case .found(let object, _)?:
                let metadata = (object as? PlainObject).map { String(decoding: $0.metadata, as: UTF8.self) }
                #expect(position % 2 == 1 && metadata == "\(number):77777:10")
            default: #expect(removed.contains(number))
            }
        }
    }

    @Test func `a sync that fails sets the volume aside`() throws {
        let world = try World(seed: 6)
        var faults = SimulatedDevice.Faults()
        faults.syncError = .max
        world.simulation.device.setFaults(faults)
        world.simulation.store.saveForRestart {}
        world.simulation.engine.run()
        #expect(try world.volume.snapshotStatistics().isOffline)
        #expect(world.simulation.put(1, version: 1, count: 10) == .volumeOffline)
        #expect(world.simulation.get(1) == nil)
    }

    // MARK: Rebuilding and verifying by hand

    @Test func `an index made anew has everything, whatever marks, log and snapshot say`() async throws {
        let world = try World(seed: 7)
        let before = world.found()
        try world.stop()
        let regions = world.superblock.regions
        for number in 0..<2 as Range<UInt64> {
            world.simulation.device.corrupt(at: TurnMark.offset(of: number, in: regions.marks) + 30)
            world.simulation.device.corrupt(at: SnapshotHeader.slot(number, in: regions.snapshot).offset + 40)
        }
        for stripe in 0..<world.superblock.stripeCount {
            world.simulation.device.corrupt(at: FooterLogPage.offset(of: stripe, world.superblock) + 50)
        }
        var last = VolumeProgress(done: 0, total: 1, bytesRead: 0)
        let report = try await IndexRebuild.run(device: world.simulation.device, name: "simulated", entropy: { 12345 }) { progress in
            #expect(progress.done >= last.done && progress.total == 3 * world.superblock.stripeCount)
            last = progress
        }
        #expect(last.done == last.total && last.fraction == 1)
        #expect(report.isSnapshotWritten && report.damagedStripes == 0 && report.records > 600)
        let mark = try #require(TurnMark.newest(of: world.superblock, on: world.simulation.device))
        #expect(mark.closedSnapshot != 0 && mark.low == mark.head)
        let operations = world.simulation.device.counts.operations
        try world.simulation.reopen()
        #expect(world.simulation.device.counts.operations - operations < 60, "the start did not use the snapshot")
        #expect(world.found().isSubset(of: before) && world.found().count >= before.count - 260)
        // And the log that was written anew serves after a crash.
        let snapshots = world.superblock.regions.snapshot
        for number in 0..<2 as Range<UInt64> { world.simulation.device.corrupt(at: SnapshotHeader.slot(number, in: snapshots).offset + 48) }
        let kept = world.found()
        try world.simulation.kill()
        #expect(world.found().count >= kept.count - 130)
        for number in 2000..<2100 { world.put(number, version: number) }
        #expect(world.found().count > 600)
    }

    /// Checked by not handing the callback on.
    @Test func `a start without marks says how far it is, any other has nothing to say`() async throws {
        try await TemporaryFolder.with { folder in
            let configuration = StoreConfiguration.small(in: folder)
            func open() throws -> (CyclicStore, [VolumeProgress]) {
                var said: [VolumeProgress] = []
                let store = try CyclicStore.open(configuration, factory: PlainObjectFactory()) { path, progress in
                    #expect(path == folder + "/volume")
                    said.append(progress)
                }
                return (store, said)
            }
            let first = try open()
            await first.0.close()
            let second = try open()
            let superblock = try #require(second.0.volume).superblock
            await second.0.close()
            #expect(first.1.isEmpty && second.1.isEmpty)
            let device = try FileDevice(path: folder + "/volume", byteCount: nil)
            let zeros = PageBuffer(byteCount: 2 * Limits.pageBytes)
            zeros.region.zero()
            try device.write(at: superblock.regions.marks.offset, from: UnsafeRawBufferPointer(zeros.region))
            device.close()
            let third = try open()
            await third.0.close()
            #expect(third.1.map(\.done) == Array(1...(2 * superblock.stripeCount)) && third.1.last?.fraction == 1)
        }
    }

    @Test func `verification counts what there is and names what is damaged`() throws {
        let world = try World(seed: 8)
        try world.stop()
        let inspector = try VolumeInspector(device: world.simulation.device)
        var calls = 0
        let sound = inspector.verify { progress in
            calls += 1
            #expect(progress.done == calls && progress.total == world.superblock.stripeCount)
        }
        #expect(calls == world.superblock.stripeCount)
        #expect(sound.isSound && sound.damagedRecordCount == 0 && sound.text.hasSuffix("sound\n"))
        #expect(sound.intactStripes + sound.blankStripes == world.superblock.stripeCount && sound.records > 600)
        #expect(sound.marks == .intact && sound.snapshot == .intact && sound.loggedStripes == sound.intactStripes)

        let survey = inspector.survey()
        let stripe = try #require(survey.newestStripe)
        let record = try #require(try inspector.records(ofStripe: stripe).first { $0.verdict == .intact })
        let begin = world.superblock.offset(of: stripe)
        world.simulation.device.corrupt(at: begin + record.offset + record.length / 2)
        let other = (stripe + world.superblock.stripeCount - 5) % world.superblock.stripeCount
        world.simulation.device.corrupt(at: world.superblock.offset(of: other) + 10)
        let damaged = inspector.verify()
        #expect(!damaged.isSound && damaged.damagedStripes == [other])
        #expect(damaged.damagedRecordCount == 1 && damaged.damagedRecords.first?.stripe == stripe)
        #expect(damaged.damagedRecords.first?.offset == record.offset && damaged.damagedRecords.first?.verdict == .checksum)
        #expect(damaged.text.contains("damaged stripe   \(other)\n") && damaged.text.contains("NOT sound"))
    }
}
