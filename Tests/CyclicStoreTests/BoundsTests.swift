// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

/// What happens at each bound, with a device, a filler and a reader that stall. The table of bounds is in the module's README.
@Suite struct BoundsTests {
    /// An engine that has no room for stripe writes while it is told so.
    private final class FullEngine: IOEngine {
        let stepped: SteppedEngine
        private let refusesStripes = Mutex(false)

        init(_ stepped: SteppedEngine) { self.stepped = stepped }

        func refuseStripes(_ isSo: Bool) { refusesStripes.withLock { $0 = isSo } }

        var statistics: IOEngineStatistics { stepped.statistics }

        func submit(_ operation: IOOperation) -> Bool {
            if operation.kind == .write, operation.region.count == SimulatedStore.stripeBytes, refusesStripes.withLock({ $0 }) {
                return false
            }
            return stepped.submit(operation)
        }

        func shutDown() { stepped.shutDown() }
    }

    /// A store whose engine takes few operations at a time.
    private struct Narrow {
        let device: SimulatedDevice
        let engine: SteppedEngine
        let full: FullEngine
        let store: CyclicStore

        /// - Parameter device: One that a store has used before.
        init(queueLimit: Int, seed: UInt64, device used: SimulatedDevice? = nil) throws {
            device =
                used
                ?? SimulatedDevice(byteCount: Superblock.volumeBytes(stripes: 32, stripeBytes: SimulatedStore.stripeBytes), seed: seed)
            engine = SteppedEngine(seed: seed, queueLimit: queueLimit)
            full = FullEngine(engine)
            var configuration = StoreConfiguration()
            configuration.volumePath = "simulated"
            configuration.volumeBytes = device.byteCount
            configuration.stripeBytes = SimulatedStore.stripeBytes
            configuration.membufs = 6
            configuration.memoryBytes = 0
            configuration.replacement = .cyclic
            store = try CyclicStore.open(configuration, device: device, engine: full, nowSeconds: { 1_700_000_000 })
            engine.run()
        }

        func put(_ number: UInt8) -> RefusedWrite? {
            store.put(PlainObject(store.key([number]), bytes: [UInt8](repeating: number, count: 4000)))
        }

        func get(_ number: UInt8) -> SimulatedStore.Answer {
            let answer = SimulatedStore.Answer()
            store.get(store.key([number])) { answer.set($0) }
            return answer
        }

        func isRight(_ answer: SimulatedStore.Answer, _ number: UInt8) -> Bool {
            (answer.value?.object as? PlainObject)?.bytes == [UInt8](repeating: number, count: 4000)
        }
    }

    private func isBusy(_ answer: SimulatedStore.Answer) -> Bool {
        if case .miss(.busy)? = answer.value { return true }
        return false
    }

    // MARK: A device that stalls

    @Test func `a read that finds the queue full is a miss at once, and the record is found when there is room again`() throws {
        let narrow = try Narrow(queueLimit: 4, seed: 1)
        for number in UInt8(0)..<10 { #expect(narrow.put(number) == nil) }
        narrow.store.flush {}
        narrow.engine.run()
        let answers = (UInt8(0)..<10).map { narrow.get($0) }
        #expect(narrow.engine.pending == 4 && answers[..<4].allSatisfy { $0.value == nil })
        #expect(answers[4...].allSatisfy(isBusy))
        #expect(narrow.store.statistics.engine.refused == 6)
        narrow.engine.run()
        #expect((0..<4).allSatisfy { narrow.isRight(answers[$0], UInt8($0)) })
        for number in UInt8(4)..<8 {
            let answer = narrow.get(number)
            narrow.engine.run()
            #expect(narrow.isRight(answer, number))
        }
        narrow.store.checkInvariants()
        narrow.store.checkNothingLeaks()
    }

    @Test func `a stripe write that finds the queue full costs its records and nothing else`() throws {
        let narrow = try Narrow(queueLimit: 64, seed: 2)
        func flush() {
            narrow.store.flush {}
            narrow.engine.run()
        }
        func isFound(_ number: UInt8) -> Bool {
            let answer = narrow.get(number)
            narrow.engine.run()
            return narrow.isRight(answer, number)
        }
        for number in UInt8(0)..<5 { #expect(narrow.put(number) == nil) }
        flush()
        for number in UInt8(4)..<10 { #expect(narrow.put(number) == nil) }
        narrow.full.refuseStripes(true)
        let isFlushed = Mutex(false)
        narrow.store.flush { isFlushed.withLock { $0 = true } }
        narrow.engine.run()
        #expect(isFlushed.withLock { $0 }, "a flush does not wait for ever")
        let statistics = try #require(narrow.store.statistics.volume)
        #expect(statistics.writeErrors > 0 && !statistics.isOffline)
        #expect((UInt8(0)..<10).map(isFound) == (0..<10).map { $0 < 4 }, "nor does an older one come back")
        narrow.full.refuseStripes(false)
        for number in UInt8(5)..<10 { #expect(narrow.put(number) == nil) }
        flush()
        #expect((UInt8(0)..<10).map(isFound) == (0..<10).map { $0 != 4 })
        narrow.store.checkInvariants()
        narrow.store.checkNothingLeaks()
        narrow.engine.dropAll()
        let next = try Narrow(queueLimit: 64, seed: 3, device: narrow.device)
        let older = next.get(4)
        next.engine.run()
        #expect(older.value?.object == nil, "nor after a restart")
    }

    @Test func `lookups that wait for another's read are bounded, and those beyond are misses`() throws {
        let narrow = try Narrow(queueLimit: 64, seed: 3)
        #expect(narrow.put(1) == nil && narrow.put(2) == nil)
        narrow.store.flush {}
        narrow.engine.run()
        let told = Mutex((found: 0, busy: 0))
        func lookUp() {
            narrow.store.get(narrow.store.key([1])) { lookup in
                told.withLock { if case .miss(.busy) = lookup { $0.busy += 1 } else { $0.found += 1 } }
            }
        }
        for _ in 0..<(1 + SharedReads.maxJoined) { lookUp() }
        #expect(told.withLock { $0 == (0, 0) } && narrow.engine.pending == 1)
        for _ in 0..<5 { lookUp() }
        #expect(told.withLock { $0 == (0, 5) }, "told at once")
        let other = narrow.get(2)
        #expect(other.value == nil && narrow.engine.pending == 2, "a read of another key is not held up")
        narrow.engine.run()
        #expect(told.withLock { $0 == (1 + SharedReads.maxJoined, 5) } && narrow.isRight(other, 2))
        lookUp()
        lookUp()
        narrow.engine.run()
        #expect(told.withLock { $0.found } == SharedReads.maxJoined + 3, "there is room again")
    }

    @Test func `with every membuf on its way writes are refused, what is in them is served, and writers are told of room`() throws {
        let narrow = try Narrow(queueLimit: 64, seed: 4)
        var number: UInt8 = 0
        while narrow.put(number) == nil, number < 200 { number += 1 }
        #expect(narrow.put(number)?.isPassing == true)
        #expect((0..<number).allSatisfy { narrow.isRight(narrow.get($0), $0) })
        #expect(Int(number) * 4000 < 6 * SimulatedStore.stripeBytes)
        let isTold = Mutex(false)
        #expect(narrow.store.whenRoom { isTold.withLock { $0 = true } } && !isTold.withLock { $0 })
        narrow.engine.run()
        #expect(isTold.withLock { $0 } && narrow.put(number) == nil)
    }

    @Test func `objects that leave memory wait up to their bound, those beyond are forgotten and counted`() throws {
        let simulation = try SimulatedStore(stripes: 64, memoryBytes: 60_000, seed: 5, replacement: .gyre, membufs: 6)
        let store = simulation.store
        func put(_ number: Int) {
            store.put(PlainObject(simulation.key(number), bytes: [UInt8](repeating: UInt8(number % 251), count: 4000)))
        }
        func isFound(_ number: Int) -> Bool {
            let answer = SimulatedStore.Answer()
            store.get(simulation.key(number)) { answer.set($0) }
            while answer.value == nil, simulation.engine.step() {}
            return (answer.value?.object as? PlainObject)?.bytes == [UInt8](repeating: UInt8(number % 251), count: 4000)
        }
        // No step of the engine: what does not fit into the membufs waits.
        var count = 0
        while store.statistics.departuresDropped < 20, count < 1000 {
            put(count)
            count += 1
        }
        let stalled = store.statistics
        #expect(stalled.departuresDropped >= 20)
        #expect(stalled.leavingBytes > store.departures.maxBytes - 8000 && stalled.leavingBytes <= store.departures.maxBytes)
        // The newest first, those in memory: what comes back from a membuf takes their place.
        let found = (0..<count).reversed().count { isFound($0) }
        #expect(found == count - stalled.departuresDropped, "what waits is found, and what was dropped is not")
        simulation.engine.run()
        #expect(store.statistics.leavingBytes == 0)
        let kept = store.statistics.departuresDropped
        for number in 2000..<2100 {
            put(number)
            simulation.engine.run()
        }
        #expect(store.statistics.departuresDropped == kept && isFound(2000), "there is room again")
        simulation.flush()
        store.checkNothingLeaks()
    }

    @Test func `runs that are read ahead are bounded, and the reads of the records themselves are not held up`() throws {
        let simulation = try SimulatedStore(stripes: 64, seed: 6)
        let groups = NeighbourReads.limit + 10
        for part in 0..<2 {
            for group in 0..<groups {
                let object = PlainObject(simulation.key(group * 2 + part), bytes: [UInt8](repeating: UInt8(group), count: 300))
                #expect(simulation.store.put(object, group: UInt64(group)) == nil)
            }
        }
        simulation.flush()
        // The records come from the page cache; what is read ahead goes through the engine.
        var faults = SimulatedDevice.Faults()
        faults.cachedRead = .max
        simulation.device.setFaults(faults)
        func isFound(_ group: Int) -> Bool {
            let answer = SimulatedStore.Answer()
            simulation.store.get(simulation.key(group * 2)) { answer.set($0) }
            return (answer.value?.object as? PlainObject)?.bytes == [UInt8](repeating: UInt8(group), count: 300)
        }
        #expect((0..<groups).allSatisfy(isFound))
        #expect(simulation.engine.pending == NeighbourReads.limit)
        #expect(isFound(0) && simulation.engine.pending == NeighbourReads.limit, "a run is not read twice at a time")
        simulation.engine.run()
        #expect(isFound(groups - 1) && simulation.engine.pending == 1)
        simulation.engine.run()
        simulation.store.checkNothingLeaks()
    }

    // MARK: A filler that stalls, a reader that stalls

    /// What a reader of a fill is told, for as long as it asks.
    private final class Reader: Sendable {
        let reader: FillReader
        private let state = Mutex((bytes: 0, answers: 0, end: String?.none))

        init(_ fill: Fill) { reader = fill.reader() }

        var bytes: Int { state.withLock { $0.bytes } }
        var answers: Int { state.withLock { $0.answers } }
        var end: String? { state.withLock { $0.end } }

        func ask(goesOn: Bool = true) {
            reader.next { [self] piece in
                state.withLock { state in
                    state.answers += 1
                    switch piece {
                    case .bytes(_, let range), .stored(_, let range): state.bytes += range.count
                    case .end: state.end = "whole"
                    case .aborted: state.end = "aborted"
                    case .lost: state.end = "lost"
                    }
                }
                if goesOn, end == nil { ask() }
            }
        }
    }

    private func begin(_ simulation: SimulatedStore) throws -> FillWriter {
        guard case .begun(let writer) = simulation.store.beginFill(simulation.store.key([1]), info: 0) else { throw RefusedWrite.closed }
        return writer
    }

    private func feed(_ writer: FillWriter, _ count: Int, _ simulation: SimulatedStore) {
        var left = count
        while left > 0 {
            [UInt8](repeating: 7, count: min(left, 4000)).withUnsafeBytes { writer.append($0) }
            left -= 4000
            guard writer.isBlocked else { continue }
            simulation.engine.run()
            writer.resume()
        }
    }

    private func isFound(_ simulation: SimulatedStore) -> Bool {
        let answer = SimulatedStore.Answer()
        simulation.store.get(simulation.store.key([1])) { answer.set($0) }
        while answer.value == nil, simulation.engine.step() {}
        return answer.value?.object != nil
    }

    @Test func `readers of a filler that stalls wait and hold nothing, and when it gives up they are told and nothing stays`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 7)
        var writer: FillWriter? = try begin(simulation)
        let fill = try #require(writer).fill
        let readers = (0..<100).map { _ in Reader(fill) }
        for reader in readers { reader.ask() }
        feed(try #require(writer), 40_000, simulation)
        let (held, answers) = (fill.heldBytes, readers[0].answers)
        #expect(readers.allSatisfy { $0.bytes == 40_000 && $0.end == nil })
        for _ in 0..<200 {
            simulation.store.tick()
            simulation.engine.run()
        }
        #expect(fill.heldBytes == held && simulation.engine.pending == 0 && readers.allSatisfy { $0.answers == answers })
        // One has a deadline.
        readers[0].reader.cancel()
        writer = nil
        #expect(readers[0].end == nil && readers[1...].allSatisfy { $0.end == "aborted" })
        #expect(simulation.store.fill(of: fill.key) == nil && simulation.store.statistics.fills == 0)
        #expect(simulation.store.statistics.volume?.records == 0 && !isFound(simulation))
        simulation.flush()
        simulation.store.checkNothingLeaks()
        let again = try begin(simulation)
        again.finish(metadata: [])
        #expect(isFound(simulation))
    }

    @Test func `a reader that stalls stops neither the filler nor the others, and what it has not read is let go`() throws {
        let simulation = try SimulatedStore(stripes: 64, seed: 8) { $0.fillMemoryBytes = 0 }
        let writer = try begin(simulation)
        let (stalled, other) = (Reader(writer.fill), Reader(writer.fill))
        feed(writer, 4000, simulation)
        stalled.ask(goesOn: false)
        other.ask()
        var most = 0
        for _ in 0..<40 {
            feed(writer, 12_000, simulation)
            most = max(most, writer.fill.heldBytes)
        }
        #expect(other.bytes == 484_000 && stalled.bytes == 4000 && stalled.answers == 1)
        #expect(most <= 3 * simulation.store.fragmentBytes + 12_000, "one fragment for readers, what no fragment holds yet, and a piece")
        writer.finish(metadata: [])
        simulation.engine.run()
        writer.resume()
        #expect(other.end == "whole" && isFound(simulation))
        #expect(stalled.answers == 1, "it has not asked")
    }

    // MARK: What waits to be written or synced

    @Test func `removals of unknown keys that find no room are remembered up to the bound, those of known ones always, and all are paid`()
        throws
    {
        let narrow = try Narrow(queueLimit: 64, seed: 31)
        let volume = try #require(narrow.store.volume)
        #expect(narrow.put(1) == nil)
        narrow.store.flush {}
        narrow.engine.run()
        // What a stripe holds is not known: any key may be in it. And the device stalls: every membuf fills and none is written.
        volume.noteUnread(20)
        func remove(_ number: Int) { narrow.store.remove(narrow.store.key(Array("gone-\(number)".utf8))) }
        var number = 0
        while volume.lock.locked({ volume.owedTombstones.count }) < Volume.owedLimit, number < 200_000 {
            remove(number)
            number += 1
        }
        for more in number..<number + 5000 { remove(more) }
        #expect(volume.lock.locked { volume.owedTombstones.count } == Volume.owedLimit)
        let known = narrow.store.key([1])
        narrow.store.remove(known)
        #expect(volume.lock.locked { volume.owedTombstones.contains(known.hash) && volume.owedTombstones.count == Volume.owedLimit + 1 })
        // The device goes on: a flush ends when all of them are on it.
        let isDone = Mutex(false)
        narrow.store.flush { isDone.withLock { $0 = true } }
        for _ in 0..<1000 where !isDone.withLock({ $0 }) {
            narrow.engine.run()
            narrow.store.tick()
        }
        #expect(isDone.withLock { $0 } && volume.lock.locked { volume.owedTombstones.isEmpty })
        volume.checkNothingLeaks()
    }

    @Test func `a tick begins a sync when sixty-four stripes have been written since the last, and not before`() throws {
        let simulation = try SimulatedStore(stripes: 3000, seed: 32, membufs: 6)
        let volume = try #require(simulation.store.volume)
        func unsynced() -> Int { volume.lock.locked { volume.unsynced.count } }
        func fill(until count: Int) {
            for number in 0..<20_000 where unsynced() < count {
                simulation.put(number % 100, version: number, count: 30_000)
                simulation.engine.run()
            }
        }
        simulation.store.flush {}
        simulation.engine.run()
        // A mark syncs too, now and then: what it leaves is filled up again.
        fill(until: Volume.maxUnsynced - 1)
        #expect(unsynced() == Volume.maxUnsynced - 1)
        volume.syncIfDue()
        simulation.engine.run()
        #expect(unsynced() == Volume.maxUnsynced - 1, "not before")
        fill(until: Volume.maxUnsynced)
        volume.syncIfDue()
        simulation.engine.run()
        #expect(unsynced() == 0)
    }
}
