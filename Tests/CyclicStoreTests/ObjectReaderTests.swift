// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct ObjectReaderTests {
    /// Fragments of 15 KiB.
    private let fragment = 15 * 1024

    private func store(_ simulation: SimulatedStore, _ body: [UInt8], name: String = "object") throws -> any StoredObject {
        let writer = ObjectWriter(store: simulation.store, key: simulation.store.key(Array(name.utf8)))
        feed(writer, body, simulation)
        writer.finish(metadata: [])
        while writer.isBlocked, simulation.engine.step() { writer.resume() }
        try #require(writer.failure == nil)
        return try #require(find(simulation, name))
    }

    private func feed(_ writer: ObjectWriter, _ body: [UInt8], _ simulation: SimulatedStore, pieces: Int = 4000) {
        for start in stride(from: 0, to: body.count, by: pieces) {
            body[start..<min(body.count, start + pieces)].withUnsafeBytes { writer.append($0) }
            if writer.isBlocked {
                simulation.engine.run()
                writer.resume()
            }
        }
    }

    private func find(_ simulation: SimulatedStore, _ name: String) -> (any StoredObject)? {
        let answer = SimulatedStore.Answer()
        simulation.store.get(simulation.store.key(Array(name.utf8))) { answer.set($0) }
        while answer.value == nil, simulation.engine.step() {}
        guard case .found(let object, _)? = answer.value else { return nil }
        return object
    }

    private final class Pieces: Sendable {
        let last = Mutex<ObjectReader.Piece?>(nil)
    }

    /// The bytes that come, and the ranges that are missing.
    private func read(_ reader: ObjectReader, _ simulation: SimulatedStore) -> (bytes: [UInt8], missing: [Range<UInt64>]) {
        var bytes: [UInt8] = []
        var missing: [Range<UInt64>] = []
        let pieces = Pieces()
        while true {
            pieces.last.withLock { $0 = nil }
            reader.next { piece in pieces.last.withLock { $0 = piece } }
            while pieces.last.withLock({ $0 == nil }), simulation.engine.step() {}
            switch pieces.last.withLock({ $0 }) {
            case .bytes(let object as PlainObject, let range): object.withPayload { bytes += $0[range] }
            case .missing(let range, _): missing.append(range)
            case .end: return (bytes, missing)
            default:
                Issue.record("no piece")
                return (bytes, missing)
            }
        }
    }

    @Test(arguments: [0..<1, 0..<60_000, 15_359..<15_361, 15_360..<30_720, 40_000..<40_001, 59_999..<60_000, 50_000..<90_000, 7..<7])
    func `a range comes back exactly and touches only the fragments it needs`(range: Range<Int>) throws {
        let simulation = try SimulatedStore(seed: 1)
        let body = SimulatedStore.body(1, version: 1, count: 60_000)
        let object = try store(simulation, body)
        simulation.flush()
        let before = simulation.store.statistics.volume?.deviceReads ?? 0
        let reader = ObjectReader(object, in: simulation.store, range: UInt64(range.lowerBound)..<UInt64(range.upperBound))
        let inside = range.clamped(to: 0..<60_000)
        #expect(read(reader, simulation).bytes == Array(body[inside]))
        let reads = (simulation.store.statistics.volume?.deviceReads ?? 0) - before
        #expect(reads == (inside.isEmpty ? 0 : (inside.upperBound - 1) / fragment - inside.lowerBound / fragment + 1))
    }

    @Test func `an object in one record comes in one piece, and its ranges too`() throws {
        let simulation = try SimulatedStore(seed: 2)
        let body = SimulatedStore.body(1, version: 1, count: 5000)
        let object = try store(simulation, body)
        #expect(read(ObjectReader(object, in: simulation.store), simulation).bytes == body)
        #expect(read(ObjectReader(object, in: simulation.store, range: 10..<20), simulation).bytes == Array(body[10..<20]))
    }

    @Test func `fragments go one by one: the object is partial, says so, and is completed by what was missing`() throws {
        let simulation = try SimulatedStore(seed: 3)
        let body = SimulatedStore.body(1, version: 1, count: 80_000)
        let object = try store(simulation, body)
        let map = try #require(FragmentMap(of: object))
        simulation.store.remove(simulation.store.key(map.keyBytes(of: 1)))
        simulation.store.remove(simulation.store.key(map.keyBytes(of: 2)))
        simulation.store.remove(simulation.store.key(map.keyBytes(of: 5)))
        let size = UInt64(fragment)
        #expect(simulation.store.availableRanges(map) == [0..<size, 3 * size..<5 * size])
        #expect(simulation.store.availableRanges(map, in: 10..<3 * size + 5) == [10..<size, 3 * size..<3 * size + 5])
        #expect(simulation.store.missingRanges(map) == [size..<3 * size, 5 * size..<80_000])
        #expect(simulation.store.missingRanges(map, in: 2 * size + 1..<2 * size + 2) == [2 * size..<3 * size])
        let (bytes, missing) = read(ObjectReader(object, in: simulation.store), simulation)
        #expect(missing == [size..<2 * size, 2 * size..<3 * size, 5 * size..<80_000])
        #expect(bytes == Array(body[0..<fragment]) + Array(body[3 * fragment..<5 * fragment]))
        for range in simulation.store.missingRanges(map) {
            let writer = ObjectWriter(store: simulation.store, key: object.key, completing: map, from: range.lowerBound)
            feed(writer, Array(body[Int(range.lowerBound)..<Int(range.upperBound)]), simulation)
            writer.finish()
            #expect(writer.failure == nil)
        }
        #expect(simulation.store.containsFragments(map))
        #expect(read(ObjectReader(object, in: simulation.store), simulation).bytes == body)
    }

    @Test func `a part of an object is stored as a partial object, whole fragments of it`() throws {
        let simulation = try SimulatedStore(seed: 4)
        let body = SimulatedStore.body(1, version: 1, count: 100_000)
        let key = simulation.store.key(Array("part".utf8))
        // From the middle of fragment 1 to the middle of fragment 4.
        let writer = ObjectWriter(store: simulation.store, key: key, totalBytes: 100_000, from: 20_000)
        feed(writer, Array(body[20_000..<70_000]), simulation, pieces: 777)
        #expect(find(simulation, "part") == nil, "not before it is finished")
        writer.finish(metadata: [7])
        #expect(writer.failure == nil)
        simulation.flush()
        try simulation.reopen()
        let object = try #require(find(simulation, "part"))
        let map = try #require(FragmentMap(of: object))
        let size = UInt64(fragment)
        #expect(map.totalBytes == 100_000 && simulation.store.availableRanges(map) == [2 * size..<4 * size])
        let reader = ObjectReader(object, in: simulation.store, range: 2 * size..<4 * size)
        #expect(read(reader, simulation).bytes == Array(body[2 * fragment..<4 * fragment]))
        // The end of the object is shorter than a fragment and whole all the same.
        let rest = ObjectWriter(store: simulation.store, key: key, completing: map, from: 4 * size)
        feed(rest, Array(body[4 * fragment..<100_000]), simulation)
        rest.finish()
        #expect(simulation.store.availableRanges(map) == [2 * size..<100_000])
    }

    @Test func `a part too small for a fragment is refused, and one past the end as well`() throws {
        let simulation = try SimulatedStore(seed: 5)
        let key = simulation.store.key([1])
        let small = ObjectWriter(store: simulation.store, key: key, totalBytes: 100_000, from: 20_000)
        feed(small, SimulatedStore.body(1, version: 1, count: 5000), simulation)
        small.finish(metadata: [])
        #expect(small.failure == .tooSmall)
        let long = ObjectWriter(store: simulation.store, key: key, totalBytes: 20_000, from: 0)
        feed(long, SimulatedStore.body(1, version: 1, count: 20_001), simulation)
        #expect(long.failure == .tooLarge)
        #expect(ObjectWriter(store: simulation.store, key: key, totalBytes: 20_000, from: 20_000).failure == .tooLarge)
        simulation.flush()
        #expect(simulation.store.statistics.volume?.records == 0, "nothing is left behind")
    }

    @Test func `an aborted part of a new object leaves nothing behind`() throws {
        let simulation = try SimulatedStore(seed: 6)
        let writer = ObjectWriter(store: simulation.store, key: simulation.store.key([1]), totalBytes: 100_000, from: 0)
        feed(writer, SimulatedStore.body(1, version: 1, count: 50_000), simulation)
        #expect(simulation.store.statistics.volume?.records == 3)
        writer.abort()
        #expect(simulation.store.statistics.volume?.records == 0)
    }

    @Test func `a reader that stalls holds two fragments and nothing else moves`() throws {
        let simulation = try SimulatedStore(seed: 7)
        let object = try store(simulation, SimulatedStore.body(1, version: 1, count: 150_000))
        simulation.flush()
        let before = simulation.store.statistics.volume?.deviceReads ?? 0
        let reader = ObjectReader(object, in: simulation.store)
        reader.next { _ in }
        simulation.engine.run()
        // The first piece was delivered and one was read ahead; no more until it is asked for.
        #expect((simulation.store.statistics.volume?.deviceReads ?? 0) - before == 2)
    }
}
