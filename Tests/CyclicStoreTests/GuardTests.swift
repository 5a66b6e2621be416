// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

/// The guards against races between readers, writers, relocation and purges, one by one. Those of `PackedIndex.move` and of the leases are
/// tested in `RelocationTests` and `VolumeTests`.
@Suite struct GuardTests {
    // MARK: Membufs

    /// Guard: `readers == 0` in `Volume.recycleIfDone`.
    ///
    /// Checked by leaving the condition out: the membuf is filled anew, and another stripe's bytes are where the pinned record was.
    @Test func `a membuf is not filled anew while a reader copies from it`() throws {
        let simulation = try SimulatedStore(stripes: 32, seed: 1)
        let volume = try #require(simulation.store.volume)
        let hash = simulation.key(0).hash
        simulation.put(0, version: 1, count: 4000)
        let place = volume.pin(hash)
        guard case .membuf(let membuf, let address, _) = place else {
            Issue.record("not in a membuf")
            return
        }
        let (stripe, sequence) = (membuf.stripe, membuf.sequence)
        for number in 100..<300 {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
        #expect(volume.membufs[stripe] == nil, "its stripe has been written")
        let offset = address.unitInStripe(unitsPerStripe: volume.unitsPerStripe) * volume.superblock.recordAlignment
        let bytes = UnsafeRawBufferPointer(membuf.memory).part(offset, membuf.memory.count - offset)
        #expect(throws: Never.self) { _ = try RecordHeader(checking: bytes, sequence: sequence, hash: hash) }
        try #require(membuf.isRetired)
        volume.release(place)
        simulation.flush()
        volume.checkNothingLeaks()
    }

    /// An object that lets something happen while it is copied into its membuf.
    private final class SlowObject: StoredObject, @unchecked Sendable {
        // Unchecked: immutable after init.
        private let object: PlainObject
        private let whileCopied: @Sendable () -> Void

        init(_ object: PlainObject, whileCopied: @escaping @Sendable () -> Void) {
            self.object = object
            self.whileCopied = whileCopied
        }

        var kind: RecordKind { object.kind }
        var key: StoreKey { object.key }
        var memoryBytes: Int { object.memoryBytes }
        var metadataByteCount: Int { object.metadataByteCount }
        var payloadByteCount: Int { object.payloadByteCount }

        func copyContent(into region: UnsafeMutableRawBufferPointer) {
            whileCopied()
            object.copyContent(into: region)
        }
    }

    /// Guard: `writers == 0` in `Volume.writeIfReady`, for a record that is put. `RelocationTests` has it for one that is carried.
    ///
    /// Checked by leaving the condition out: the stripe is written in the middle of the copy, and the record is not found after a restart.
    @Test func `a membuf is not written while a record is copied into it`() throws {
        let simulation = try SimulatedStore(seed: 2)
        let volume = try #require(simulation.store.volume)
        let engine = simulation.engine
        let written = Mutex<[Int]>([])
        let slow = SlowObject(simulation.object(1, version: 1, count: 4000)) {
            volume.flush {}
            engine.run()
            written.withLock { $0.append(volume.snapshotStatistics().stripesWritten) }
        }
        #expect(simulation.store.put(slow) == nil)
        #expect(written.withLock { $0 } == [0], "sealed, and not written before the copy has ended")
        engine.run()
        #expect(volume.snapshotStatistics().stripesWritten == 1)
        try simulation.kill()
        #expect(simulation.get(1) == 1)
    }

    // MARK: Reads that are shared

    private func isOnDisk(_ simulation: SimulatedStore, _ number: Int) throws {
        simulation.put(number, version: 1, count: 4000)
        simulation.flush()
        try #require(simulation.engine.pending == 0)
    }

    private func lookUp(_ simulation: SimulatedStore, _ number: Int) -> SimulatedStore.Answer {
        let answer = SimulatedStore.Answer()
        simulation.store.get(simulation.key(number)) { answer.set($0) }
        return answer
    }

    private func version(_ answer: SimulatedStore.Answer) -> String? {
        (answer.value?.object as? PlainObject).map { String(decoding: $0.metadata, as: UTF8.self) }
    }

    /// Guard: `SharedReads.begin` lets only the first lookup of a key read.
    ///
    /// Checked by letting each of them read: there are three reads of the device instead of one.
    @Test func `lookups of one key share the read that is under way, and each is told`() throws {
        let simulation = try SimulatedStore(seed: 3)
        try isOnDisk(simulation, 1)
        let before = simulation.device.counts.reads
        let answers = (0..<3).map { _ in lookUp(simulation, 1) }
        #expect(simulation.engine.pending == 1 && answers.allSatisfy { $0.value == nil })
        simulation.engine.run()
        #expect(simulation.device.counts.reads - before == 1)
        #expect(answers.allSatisfy { version($0) == "1:1:4000" })
        // The next one begins anew.
        let later = lookUp(simulation, 1)
        simulation.engine.run()
        #expect(version(later) == "1:1:4000" && simulation.device.counts.reads - before == 2)
    }

    /// Guard: the generation in `SharedReads.Flight`.
    ///
    /// Checked by leaving it out of the comparison (always 0): the later lookup is told what the older read finds.
    @Test(arguments: [true, false]) func `a lookup that begins after a write or a removal is not told what an older read finds`(
        isRemoved: Bool
    ) throws {
        let simulation = try SimulatedStore(seed: 4)
        try isOnDisk(simulation, 1)
        let early = lookUp(simulation, 1)
        if isRemoved { simulation.store.remove(simulation.key(1)) } else { simulation.put(1, version: 2, count: 3000) }
        let late = lookUp(simulation, 1)
        simulation.engine.run()
        #expect(version(late) == (isRemoved ? nil : "1:2:3000"))
        // It began before: both are right.
        #expect(early.value != nil)
    }

    // MARK: Purges and relocation

    /// Guard: `isDead` in `Volume.carry`. A purge is forgotten when every stripe from before it is gone; a copy in a newer stripe would then be
    /// served.
    ///
    /// Checked by taking every record for alive there: the volume has the purged record at its new place, now and after a restart.
    @Test func `a record that is purged while it is read for carrying leaves no copy`() throws {
        let simulation = try SimulatedStore(stripes: 20, seed: 5, replacement: .gyre, membufs: 6)
        let volume = try #require(simulation.store.volume)
        volume.tune(Tuning(relocationUses: 1))
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        for number in 0..<2 { #expect(simulation.get(number) == 1) }
        func isUnderWay() -> Bool { volume.lock.locked { volume.relocationsUnderWay > 0 } }
        for number in 100..<1000 where !isUnderWay() {
            simulation.put(number, version: 1, count: 4000)
            while !isUnderWay(), simulation.engine.step() {}
        }
        try #require(isUnderWay())
        simulation.store.purge(.key(simulation.key(0)))
        simulation.engine.run()
        simulation.flush()
        #expect(volume.snapshotStatistics().recordsRelocated == 1, "the other one")
        #expect(!volume.contains(simulation.key(0).hash) && volume.contains(simulation.key(1).hash))
        try simulation.kill()
        #expect(simulation.store.volume?.contains(simulation.key(0).hash) == false, "nor is it in a directory")
        #expect(simulation.get(0) == nil && simulation.get(1) == 1)
    }

    /// Guard: the order of `Volume.carry`: a copy has its place before the purges are asked. So a purge that comes after the question finds
    /// the copy in a stripe that was opened before the purge, and is remembered as long as the stripe is.
    ///
    /// Checked by asking first: the volume has no place for the copy yet when the question comes.
    @Test func `the purges are asked about a copy when its place is taken, and what they match is not carried`() throws {
        let source = try SimulatedStore(stripes: 20, seed: 6, replacement: .gyre, membufs: 6)
        for number in 0..<14 { source.put(number, version: 1, count: 4000) }
        source.flush()
        var configuration = StoreConfiguration()
        configuration.stripeBytes = SimulatedStore.stripeBytes
        let opener = VolumeOpener(configuration: configuration, nowSeconds: { 1_700_000_000 }, entropy: { 7 })
        let engine = SteppedEngine(seed: 6)
        let subject = Mutex<Volume?>(nil)
        let placesWhenAsked = Mutex<[Int]>([])
        let dead = source.key(0).hash
        let volume = Volume(
            recovered: try opener.recover(source.device, name: "simulated"),
            device: source.device,
            engine: engine,
            membufs: 6,
            replacement: .gyre,
            isPurged: { header, _, _ in
                let volume = subject.withLock { $0 }
                let places = volume?.lock.locked { volume?.survivorMembuf?.writers } ?? 0
                placesWhenAsked.withLock { $0.append(places) }
                return header.hash == dead
            },
            nowSeconds: { 1_700_000_000 }
        )
        subject.withLock { $0 = volume }
        defer { subject.withLock { $0 = nil } }
        engine.run()
        volume.tune(Tuning(relocationUses: 1))
        for number in 0..<4 { volume.addUses(1, of: source.key(number).hash) }
        for number in 100..<1000 where volume.snapshotStatistics().recordsRelocated < 3 {
            try volume.write(source.object(number, version: 1, count: 4000))
            engine.run()
        }
        #expect(placesWhenAsked.withLock { $0 } == [1, 1, 1, 1])
        #expect((0..<4).map { volume.contains(source.key($0).hash) } == [false, true, true, true])
    }

    /// A purge between the question and the move: the copy gets into the index, and lookups judge it by the serial that it has kept. A restart
    /// does not bring it back.
    ///
    /// Checked by taking `.gone` for good in `CyclicStore.adopt`: the copy is served.
    @Test func `a copy that a purge has just missed is not served`() throws {
        let simulation = try SimulatedStore(stripes: 20, seed: 7, replacement: .gyre, membufs: 6)
        let volume = try #require(simulation.store.volume)
        for number in 0..<14 { simulation.put(number, version: 1, count: 4000) }
        simulation.flush()
        let key = simulation.key(0)
        let place = volume.pin(key.hash)
        guard case .disk(let stripe, let sequence, let old, _) = place else {
            Issue.record("not on disk")
            return
        }
        let footer = try #require(StripeScanner(superblock: volume.superblock, device: simulation.device).footer(of: stripe))
        let entry = try #require(footer.entries.first { $0.hash == key.hash })
        let page = PageBuffer(byteCount: 8192)
        let offset = volume.superblock.offset(of: stripe) + Int(entry.unitInStripe) * volume.superblock.recordAlignment
        try simulation.device.read(at: offset, into: page.region)
        let record = UnsafeRawBufferPointer(page.region)
        let header = try RecordHeader(checking: record, sequence: sequence, hash: entry.hash)
        volume.release(place)

        let copy = try #require(volume.beginCarrying(entry, header, at: old, from: footer))
        // What `carry` does in between.
        let target = copy.membuf.bytes(of: copy.entry, count: Int(copy.entry.units) * volume.superblock.recordAlignment)
        target.copyMemory(from: record.part(0, target.count))
        var moved = header
        moved.sequence = copy.membuf.sequence
        moved.encode(into: target)
        RecordHeader.setChecksum(of: target.part(0, header.totalBytes))
        simulation.store.purge(.key(key))
        volume.endCarrying(copy, from: old, byteCount: header.totalBytes, isDead: false)

        #expect(volume.snapshotStatistics().recordsRelocated == 1 && volume.contains(key.hash))
        #expect(simulation.get(0) == nil)
        try simulation.flushAndSync()
        try simulation.crash()
        #expect(simulation.get(0) == nil && simulation.get(2) == 1)
    }

    /// The tombstone that was owed got its serial when the new record's stripe was opened for it: it was later than the record's, and the next start took the
    /// record for removed. Checked by taking a new serial when the debt is paid.
    @Test func `a tombstone that had to wait does not outlive what was stored meanwhile`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 12)
        let volume = try #require(simulation.store.volume)
        simulation.put(1, version: 1, count: 2000)
        simulation.flush()
        simulation.store.remove(simulation.key(1))
        simulation.flush()
        volume.lock.locked { volume.owedTombstones.insert(simulation.key(1).hash, serial: volume.serials.next()) }
        simulation.put(1, version: 2, count: 2000)
        #expect(volume.lock.locked { volume.owedTombstones.isEmpty })
        simulation.flush()
        #expect(simulation.get(1) == 2)
        try simulation.kill()
        #expect(simulation.get(1) == 2)
    }
}
