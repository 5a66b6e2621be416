// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct AsyncStoreTests {
    private struct Broken: Error {}

    /// Chunks on demand, and how many were asked for.
    private struct Source: AsyncSequence, Sendable {
        let body: [UInt8]
        let chunk: Int
        var breaksAt = Int.max
        let asked = Counter()

        final class Counter: Sendable {
            private let count = Mutex(0)
            var value: Int { count.withLock { $0 } }
            func add() { count.withLock { $0 += 1 } }
        }

        func makeAsyncIterator() -> Iterator { Iterator(source: self) }

        struct Iterator: AsyncIteratorProtocol {
            let source: Source
            var position = 0

            mutating func next() async throws -> [UInt8]? {
                source.asked.add()
                guard position < source.body.count else { return nil }
                guard position < source.breaksAt else { throw Broken() }
                defer { position += source.chunk }
                return Array(source.body[position..<Swift.min(source.body.count, position + source.chunk)])
            }
        }
    }

    /// On a file, with threads.
    private func withStore(_ body: (CyclicStore) async throws -> Void) async throws {
        try await TemporaryFolder.with { folder in
            var configuration = StoreConfiguration()
            configuration.volumePath = folder + "/volume"
            configuration.stripeBytes = 65536
            configuration.volumeBytes = 65 * 65536
            configuration.memoryBytes = 100_000
            let store = try CyclicStore.open(configuration)
            try await body(store)
            await store.close()
        }
    }

    /// Far more than the budget has bytes for waits when the store is closed.
    @Test(.timeLimit(.minutes(2)))
    func `a stop under a budget that is used up ends, and every object is right or absent after it`() async throws {
        try await TemporaryFolder.with { folder in
            var configuration = StoreConfiguration()
            configuration.volumePath = folder + "/volume"
            configuration.stripeBytes = 256 << 10
            configuration.volumeBytes = 64 << 20
            configuration.memoryBytes = 1 << 20
            configuration.writeBytesPerSecond = 64 << 10
            var store = try CyclicStore.open(configuration)
            func object(_ number: Int) -> PlainObject {
                PlainObject(store.key(Array("object \(number)".utf8)), bytes: [UInt8](repeating: UInt8(number % 251), count: 20_000))
            }
            for number in 0..<200 { _ = store.put(object(number)) }
            await store.close()
            store = try CyclicStore.open(configuration)
            for number in 0..<200 {
                let expected = object(number)
                if case .found(let found as PlainObject, _) = await store.get(expected.key) { #expect(found.bytes == expected.bytes) }
            }
            await store.close()
        }
    }

    private func bytes(_ store: CyclicStore, _ object: any StoredObject, _ range: Range<UInt64>? = nil) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in store.pieces(of: object, range: range) { piece.withBytes { all += $0 } }
        return all
    }

    @Test(arguments: [0, 1000, 300_000]) func `what is put from a sequence comes back as one`(count: Int) async throws {
        try await withStore { store in
            let body = SimulatedStore.body(1, version: 1, count: count)
            let key = store.key(Array("streamed".utf8))
            try await store.put(key, metadata: [1, 2], body: Source(body: body, chunk: 7000), expectedBytes: count)
            guard case .found(let object, _) = await store.get(key) else {
                Issue.record("not found")
                return
            }
            #expect(try await bytes(store, object) == body)
            if count > 20_000 { #expect(try await bytes(store, object, 10_000..<20_000) == Array(body[10_000..<20_000])) }
        }
    }

    /// Checked by leaving the group out of `put`: each part is a read then.
    @Test func `what is put with a group is read with its neighbours`() async throws {
        try await TemporaryFolder.with { folder in
            var configuration = StoreConfiguration()
            configuration.volumePath = folder + "/volume"
            configuration.stripeBytes = 65536
            configuration.volumeBytes = 65 * 65536
            configuration.memoryBytes = 100_000
            configuration.replacement = .cyclic
            let store = try CyclicStore.open(configuration)
            let (groups, parts) = (10, 10)
            func key(_ group: Int, _ part: Int) -> StoreKey { store.key([UInt8(group), UInt8(part)]) }
            // Mixed up as they come.
            for part in 0..<parts {
                for group in 0..<groups {
                    let body = SimulatedStore.body(group * parts + part, version: 1, count: 500)
                    try await store.put(key(group, part), body: Source(body: body, chunk: 500), group: UInt64(group))
                }
            }
            // Others push them out of memory.
            for number in 0..<250 {
                let body = SimulatedStore.body(1000 + number, version: 1, count: 1000)
                try await store.put(store.key(Array("other \(number)".utf8)), body: Source(body: body, chunk: 1000))
            }
            await store.flush()
            let before = store.statistics.volume?.deviceReads ?? 0
            for part in 0..<parts {
                guard case .found(let object, _) = await store.get(key(0, part)) else {
                    Issue.record("part \(part) not found")
                    continue
                }
                #expect(try await bytes(store, object) == SimulatedStore.body(part, version: 1, count: 500))
            }
            let reads = (store.statistics.volume?.deviceReads ?? 0) - before
            #expect((1..<parts - 2).contains(Int(reads)), "\(reads) reads")
            await store.close()
        }
    }

    @Test func `a sequence that breaks off leaves nothing behind`() async throws {
        try await withStore { store in
            let source = Source(body: SimulatedStore.body(1, version: 1, count: 300_000), chunk: 7000, breaksAt: 150_000)
            await #expect(throws: Broken.self) { try await store.put(store.key([1]), body: source) }
            await store.flush()
            guard case .miss = await store.get(store.key([1])) else {
                Issue.record("found")
                return
            }
            #expect(store.statistics.volume?.records == 0)
        }
    }

    @Test func `a sequence is not asked for more than there is room for, and a task that waits can be cancelled`() async throws {
        let simulation = try SimulatedStore(seed: 1)
        let source = Source(body: SimulatedStore.body(1, version: 1, count: 2_000_000), chunk: 1000)
        let (store, key) = (simulation.store, simulation.key(1))
        // The engine makes no step: the device has stalled.
        let task = Task { try await store.put(key, body: source) }
        var asked = 0
        repeat {
            asked = source.asked.value
            try await Task.sleep(for: .milliseconds(20))
        } while source.asked.value != asked || asked == 0
        #expect(asked < 6 * 66, "the membufs and no more")
        task.cancel()
        let result = await task.result
        #expect(throws: CancellationError.self) { try result.get() }
        simulation.engine.run()
        simulation.flush()
        #expect(simulation.store.statistics.volume?.records == 0)
    }

    @Test func `bytes that are gone are an error that says which, and reading goes on behind them`() async throws {
        try await withStore { store in
            let body = SimulatedStore.body(1, version: 1, count: 60_000)
            let key = store.key([1])
            try await store.put(key, body: Source(body: body, chunk: 9000))
            guard case .found(let object, _) = await store.get(key), let map = FragmentMap(of: object) else {
                Issue.record("not found")
                return
            }
            store.remove(store.key(map.keyBytes(of: 1)))
            let pieces = store.pieces(of: object).makeAsyncIterator()
            #expect(try await pieces.next()?.range == 0..<15_360)
            let error = await #expect(throws: MissingBytes.self) { try await pieces.next() }
            #expect(error?.range == 15_360..<30_720)
            #expect(try await pieces.next()?.withBytes { Array($0) } == Array(body[30_720..<46_080]))
        }
    }

    @Test func `a fill can be followed with await`() async throws {
        try await withStore { store in
            guard case .begun(let writer) = store.beginFill(store.key([1]), info: ()) else {
                Issue.record("nobody else fills")
                return
            }
            let reader = writer.fill.reader()
            let body = SimulatedStore.body(1, version: 1, count: 10_000)
            async let collected: [UInt8] = {
                var all: [UInt8] = []
                while case .bytes(let bytes, let range) = await reader.next() { bytes.withBytes(in: range) { all += $0 } }
                return all
            }()
            for start in stride(from: 0, to: body.count, by: 1000) {
                body[start..<(start + 1000)].withUnsafeBytes { writer.append($0) }
                await Task.yield()
            }
            writer.finish(metadata: [])
            #expect(await collected == body)
        }
    }
}
