// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct ObjectWriterTests {
    private func write(_ simulation: SimulatedStore, _ name: String, _ body: [UInt8], pieces: Int, finish: Bool = true) -> ObjectWriter {
        let writer = ObjectWriter(store: simulation.store, key: simulation.store.key(Array(name.utf8)))
        var rest = body[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            piece.withUnsafeBytes { writer.append($0) }
            if writer.isBlocked {
                simulation.engine.run()
                writer.resume()
            }
        }
        if finish {
            writer.finish(metadata: Array("meta".utf8))
            while writer.isBlocked, simulation.engine.step() { writer.resume() }
        }
        return writer
    }

    private func read(_ simulation: SimulatedStore, _ key: StoreKey) -> PlainObject? {
        let answer = SimulatedStore.Answer()
        simulation.store.get(key) { answer.set($0) }
        while answer.value == nil, simulation.engine.step() {}
        guard case .found(let object, _)? = answer.value else { return nil }
        return object as? PlainObject
    }

    private func wholeBody(_ simulation: SimulatedStore, _ name: String) -> [UInt8]? {
        guard let head = read(simulation, simulation.store.key(Array(name.utf8))) else { return nil }
        guard head.kind == .fragmentedHead else { return head.withPayload { Array($0) } }
        guard let map = head.withPayload({ FragmentMap(decoding: $0) }), simulation.store.containsFragments(map) else { return nil }
        var body: [UInt8] = []
        for fragment in 0..<map.count {
            guard let piece = read(simulation, simulation.store.key(map.keyBytes(of: fragment))) else { return nil }
            body += piece.withPayload { Array($0) }
        }
        return body
    }

    @Test(arguments: [0, 1, 14_000, 15_359, 15_360, 15_361, 30_720, 30_721, 200_000], [1000, 7777, 100_000])
    func `an object of unknown length comes back byte for byte, over a restart too`(count: Int, pieces: Int) throws {
        let simulation = try SimulatedStore(stripes: 16, seed: UInt64(count + pieces))
        let body = SimulatedStore.body(count, version: 1, count: count)
        let writer = write(simulation, "object", body, pieces: pieces)
        #expect(writer.failure == nil && writer.byteCount == count)
        #expect(wholeBody(simulation, "object") == body)
        simulation.flush()
        try simulation.reopen()
        #expect(wholeBody(simulation, "object") == body)
    }

    @Test func `an aborted object leaves nothing to be found, and an older one stays`() throws {
        let simulation = try SimulatedStore(seed: 1)
        let old = SimulatedStore.body(1, version: 1, count: 40_000)
        _ = write(simulation, "a", old, pieces: 5000)
        let writer = write(simulation, "a", SimulatedStore.body(1, version: 2, count: 40_000), pieces: 5000, finish: false)
        writer.abort()
        #expect(wholeBody(simulation, "a") == old)
    }

    @Test func `an object above the limit is given up at once when its length is known, and on the way when not`() throws {
        let simulation = try SimulatedStore(seed: 2)
        let key = simulation.store.key([1])
        #expect(ObjectWriter(store: simulation.store, key: key, expectedBytes: simulation.store.maxObjectBytes + 1).failure == .tooLarge)
        let writer = ObjectWriter(store: simulation.store, key: key, maxBytes: 100)
        [UInt8](repeating: 1, count: 101).withUnsafeBytes { writer.append($0) }
        #expect(writer.failure == .tooLarge)
    }
}
