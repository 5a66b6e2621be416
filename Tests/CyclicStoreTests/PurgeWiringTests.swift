// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

/// Purges as the user of a store sees them.
@Suite struct PurgeWiringTests {
    private enum Seen: Equatable { case found, stale, miss }

    private func look(_ simulation: SimulatedStore, _ key: [UInt8]) -> Seen {
        let answer = SimulatedStore.Answer()
        simulation.store.get(simulation.store.key(key)) { answer.set($0) }
        while answer.value == nil, simulation.engine.step() {}
        switch answer.value {
        case .found?: return .found
        case .stale?: return .stale
        default: return .miss
        }
    }

    private func put(_ simulation: SimulatedStore, _ name: String, tags: [String] = []) {
        let store = simulation.store
        let object = PlainObject(
            store.key(Array(name.utf8)),
            bytes: [UInt8](repeating: 1, count: 500),
            tags: tags.map { store.tag(Array($0.utf8)) }
        )
        #expect(store.put(object) == nil)
    }

    /// Purges, and returns when that is durable.
    private func purge(_ simulation: SimulatedStore, _ scope: PurgeScope, _ mode: PurgeMode = .hard) -> PurgeOutcome? {
        let outcome = Mutex<PurgeOutcome?>(nil)
        simulation.store.purge(scope, mode: mode) { result in outcome.withLock { $0 = result } }
        simulation.engine.run()
        return outcome.withLock { $0 }
    }

    private let names = ["site/a", "site/b", "other/c"]

    @Test(arguments: [(0, false), (0, true), (100_000, false), (100_000, true)], [PurgeMode.hard, .soft])
    func `what is purged is gone or stale, on disk and in memory, and after a restart`(
        circumstances: (memoryBytes: Int, restarts: Bool),
        mode: PurgeMode
    ) throws {
        let (memoryBytes, restarts) = circumstances
        let after: Seen = mode == .hard ? .miss : .stale
        for (scope, hit) in [
            (PurgeScope.prefix(Array("site/".utf8)), [0, 1]), (.everything, [0, 1, 2]), (.tag(Array("t".utf8)), [1, 2]),
        ] {
            let simulation = try SimulatedStore(memoryBytes: memoryBytes, seed: 1)
            put(simulation, names[0])
            put(simulation, names[1], tags: ["t"])
            put(simulation, names[2], tags: ["u", "t"])
            simulation.flush()
            #expect(purge(simulation, scope, mode) == .durable)
            if restarts { try simulation.crash() }
            for (number, name) in names.enumerated() {
                let expected = hit.contains(number) ? after : .found
                #expect(look(simulation, Array(name.utf8)) == expected, "\(name) \(scope)")
                // From memory now, where there is any: the mark stays.
                #expect(look(simulation, Array(name.utf8)) == expected)
            }
            put(simulation, names[1], tags: ["t"])
            #expect(look(simulation, Array(names[1].utf8)) == .found, "what comes after a purge is untouched")
        }
    }

    @Test func `one key is purged and no other`() throws {
        let simulation = try SimulatedStore(seed: 2)
        for name in names { put(simulation, name) }
        #expect(purge(simulation, .key(simulation.store.key(Array(names[0].utf8)))) == .durable)
        #expect(names.map { look(simulation, Array($0.utf8)) } == [.miss, .found, .found])
    }

    @Test func `a fast look in memory never gives what was purged`() throws {
        let simulation = try SimulatedStore(memoryBytes: 100_000, seed: 3)
        for name in names { put(simulation, name) }
        func inMemory(_ name: String) -> Bool {
            Array(name.utf8).withUnsafeBytes { simulation.store.objectInMemory(simulation.store.hash($0), key: $0) != nil }
        }
        #expect(names.allSatisfy(inMemory))
        simulation.store.purge(.prefix(Array("site/".utf8)), mode: .soft)
        #expect(!inMemory(names[0]) && !inMemory(names[2]), "until it has been looked at")
        #expect(look(simulation, Array(names[2].utf8)) == .found && inMemory(names[2]))
        #expect(look(simulation, Array(names[0].utf8)) == .stale && !inMemory(names[0]))
    }

    @Test func `an object whose bringing began before a purge is not stored after it`() throws {
        for mode in [PurgeMode.hard, .soft] {
            let simulation = try SimulatedStore(memoryBytes: 100_000, seed: 4)
            for count in [100, 50_000] {
                let writer = ObjectWriter(store: simulation.store, key: simulation.store.key(Array("site/new".utf8)))
                [UInt8](repeating: 1, count: count).withUnsafeBytes { writer.append($0) }
                simulation.store.purge(.prefix(Array("site/".utf8)), mode: mode)
                writer.finish(metadata: [])
                #expect(writer.failure == .refused(.purged))
                #expect(look(simulation, Array("site/new".utf8)) == .miss)
            }
            let writer = ObjectWriter(store: simulation.store, key: simulation.store.key(Array("site/new".utf8)))
            writer.finish(metadata: [])
            #expect(writer.failure == nil && look(simulation, Array("site/new".utf8)) == .found)
        }
    }

    @Test func `a store in memory alone purges too`() async throws {
        var configuration = StoreConfiguration()
        configuration.memoryBytes = 1 << 20
        let store = try CyclicStore.open(configuration)
        store.put(PlainObject(store.key([1, 2]), bytes: [1]))
        store.put(PlainObject(store.key([2, 2]), bytes: [1]))
        #expect(await store.purge(.prefix([1])) == .memoryOnly)
        guard case .miss(.purged) = await store.get(store.key([1, 2])), case .found = await store.get(store.key([2, 2])) else {
            Issue.record("the wrong one was purged")
            return
        }
        await store.close()
    }
}
