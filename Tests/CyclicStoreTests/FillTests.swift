// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct FillTests {
    /// Collects what a reader brings, one piece at a time or on and on.
    private final class Follower: @unchecked Sendable {
        let reader: FillReader
        private let state = Mutex((bytes: [UInt8](), end: String?.none, fromStore: 0))
        private let goesOn: Bool

        init(_ reader: FillReader, goesOn: Bool = true) {
            self.reader = reader
            self.goesOn = goesOn
        }

        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var end: String? { state.withLock { $0.end } }
        var fromStore: Int { state.withLock { $0.fromStore } }

        func next() {
            reader.next { [self] piece in
                state.withLock { state in
                    switch piece {
                    case .bytes(let bytes, let range): bytes.withBytes(in: range) { state.bytes += $0 }
                    case .stored(let object, let range):
                        (object as? PlainObject)?.withPayload { state.bytes += $0[range] }
                        state.fromStore += 1
                    case .end(let failure): state.end = failure.map { "whole, not stored: \($0)" } ?? "whole"
                    case .aborted: state.end = "aborted"
                    case .lost(let position): state.end = "lost at \(position)"
                    }
                }
                if goesOn, end == nil { next() }
            }
        }
    }

    private func begin(_ simulation: SimulatedStore, _ name: String = "fill") throws -> FillWriter {
        guard case .begun(let writer) = simulation.store.beginFill(simulation.store.key(Array(name.utf8)), info: name) else {
            throw RefusedWrite.closed
        }
        return writer
    }

    private func feed(_ writer: FillWriter, _ body: some Collection<UInt8>, _ simulation: SimulatedStore, pieces: Int = 3000) {
        var rest = Array(body)[...]
        while !rest.isEmpty {
            rest.prefix(pieces).withUnsafeBytes { writer.append($0) }
            rest = rest.dropFirst(pieces)
            if writer.isBlocked {
                simulation.engine.run()
                writer.resume()
            }
        }
    }

    private func end(_ writer: FillWriter, _ simulation: SimulatedStore) {
        writer.finish(metadata: [])
        while writer.isBlocked, simulation.engine.step() { writer.resume() }
    }

    private func isFound(_ simulation: SimulatedStore, _ name: String = "fill") -> Bool {
        let answer = SimulatedStore.Answer()
        simulation.store.get(simulation.store.key(Array(name.utf8))) { answer.set($0) }
        while answer.value == nil, simulation.engine.step() {}
        if case .found? = answer.value { return true }
        return false
    }

    @Test(arguments: [100, 15_360, 200_000], [1, 500, 50_000]) func `readers get every byte while it comes, whenever they begin`(
        count: Int,
        pieces: Int
    ) throws {
        // One byte at a time is slow for a large one and shows nothing more.
        guard count / pieces <= 20_000 else { return }
        let simulation = try SimulatedStore(stripes: 32, seed: UInt64(count + pieces))
        let body = SimulatedStore.body(1, version: 1, count: count)
        let writer = try begin(simulation)
        let early = Follower(writer.fill.reader())
        early.next()
        feed(writer, body[..<(count / 2)], simulation, pieces: pieces)
        #expect(early.bytes == Array(body[..<(count / 2)]), "not held back until the end")
        let joined = try #require(simulation.store.fill(of: writer.fill.key))
        #expect(joined.info as? String == "fill")
        let late = Follower(joined.reader())
        late.next()
        let middle = Follower(joined.reader(from: count / 3))
        middle.next()
        simulation.engine.run()
        feed(writer, body[(count / 2)...], simulation, pieces: pieces)
        #expect(!isFound(simulation), "not findable before the end")
        end(writer, simulation)
        simulation.engine.run()
        #expect(early.bytes == body && late.bytes == body && middle.bytes == Array(body[(count / 3)...]))
        #expect([early.end, late.end, middle.end] == ["whole", "whole", "whole"])
        #expect(simulation.store.fill(of: writer.fill.key) == nil && isFound(simulation))
    }

    @Test func `one key has one fill at a time, others join it, and the number of fills is bounded`() throws {
        var configuration = StoreConfiguration()
        configuration.maxFills = 2
        configuration.memoryBytes = 1 << 20
        let store = try CyclicStore.open(configuration)
        guard case .begun(let first) = store.beginFill(store.key([1]), info: 1),
            case .begun(let second) = store.beginFill(store.key([2]), info: 2)
        else {
            Issue.record("two fills were allowed")
            return
        }
        guard case .joined(let joined) = store.beginFill(store.key([1]), info: 9) else {
            Issue.record("the key has a fill")
            return
        }
        #expect(joined === first.fill && joined.info as? Int == 1)
        guard case .full = store.beginFill(store.key([3]), info: 3) else {
            Issue.record("a third was allowed")
            return
        }
        second.abort()
        guard case .begun = store.beginFill(store.key([3]), info: 3) else {
            Issue.record("there is room again")
            return
        }
    }

    @Test func `a slow reader reads the fragments, and the memory of the fill stays within its window`() throws {
        let simulation = try SimulatedStore(stripes: 64, seed: 3) { $0.fillMemoryBytes = 30_000 }
        let body = SimulatedStore.body(1, version: 1, count: 500_000)
        let writer = try begin(simulation)
        let slow = Follower(writer.fill.reader(), goesOn: false)
        slow.next()
        var most = 0
        for start in stride(from: 0, to: body.count, by: 5000) {
            feed(writer, body[start..<(start + 5000)], simulation)
            most = max(most, writer.fill.heldBytes)
        }
        // The window, one fragment not yet stored, and a piece.
        #expect(most < 30_000 + 15_360 + 2 * 8192)
        end(writer, simulation)
        while slow.end == nil {
            slow.next()
            simulation.engine.run()
        }
        #expect(slow.bytes == body && slow.end == "whole" && slow.fromStore > 20)
    }

    @Test func `a slow reader is told where it stands when the store has not got the bytes`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 4) { $0.fillMemoryBytes = 30_000 }
        let body = SimulatedStore.body(1, version: 1, count: 100_000)
        let writer = try begin(simulation)
        let (slow, fast) = (Follower(writer.fill.reader(), goesOn: false), Follower(writer.fill.reader()))
        fast.next()
        feed(writer, body[..<1000], simulation)
        slow.next()
        writer.giveUpStoring()
        feed(writer, body[1000...], simulation)
        writer.finish(metadata: [])
        slow.next()
        #expect(slow.end == "lost at 1000")
        #expect(fast.bytes == body && fast.end == "whole, not stored: aborted", "whoever keeps up misses nothing")
        #expect(!isFound(simulation))
    }

    @Test func `an aborted or dropped fill tells its readers and leaves nothing behind`() throws {
        let simulation = try SimulatedStore(seed: 5)
        for drops in [false, true] {
            var writer: FillWriter? = try begin(simulation)
            let reader = Follower(try #require(writer).fill.reader())
            reader.next()
            feed(try #require(writer), SimulatedStore.body(1, version: 1, count: 50_000), simulation)
            #expect(reader.end == nil)
            if drops { writer = nil } else { writer?.abort() }
            #expect(reader.end == "aborted" && simulation.store.statistics.volume?.records == 0)
            #expect(simulation.store.fills.count == 0)
        }
    }

    @Test func `a device that stalls blocks the filler within three fragments, and giving up storing frees it`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 6) { $0.fillMemoryBytes = 0 }
        let writer = try begin(simulation)
        let reader = Follower(writer.fill.reader())
        reader.next()
        let body = SimulatedStore.body(1, version: 1, count: 2_000_000)
        var sent = 0
        // No step of the engine: no stripe is ever written.
        while !writer.isBlocked, sent < body.count {
            body[sent..<(sent + 1000)].withUnsafeBytes { writer.append($0) }
            sent += 1000
        }
        #expect(writer.isBlocked && sent < 6 * 65_536, "no more than the membufs hold")
        #expect(reader.bytes == Array(body[..<sent]), "readers have what came")
        #expect(writer.fill.heldBytes < 4 * 15_360)
        writer.giveUpStoring()
        #expect(!writer.isBlocked)
        feed(writer, body[sent...], simulation)
        writer.finish(metadata: [])
        #expect(reader.bytes == body && reader.end == "whole, not stored: aborted")
        #expect(writer.fill.heldBytes < 3 * 15_360)
    }

    @Test func `a reader that is cancelled hears nothing more`() throws {
        let simulation = try SimulatedStore(seed: 7)
        let writer = try begin(simulation)
        let reader = Follower(writer.fill.reader())
        reader.next()
        reader.reader.cancel()
        feed(writer, [1, 2, 3], simulation)
        writer.abort()
        #expect(reader.bytes.isEmpty && reader.end == nil)
    }
}
