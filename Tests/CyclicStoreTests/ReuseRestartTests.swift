// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// The reuse statistics as a store keeps them by itself: nobody asks it to.
@Suite struct ReuseRestartTests {
    @Test func `the ticks of a running store write what was counted, and the next process goes on from there`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 1)
        for number in 0..<400 {
            simulation.put(number, version: 1, count: 4000)
            simulation.engine.run()
        }
        let counted = try #require(simulation.store.volume).snapshotStatistics().reuse
        #expect(counted.total > 100)
        simulation.store.tick()
        simulation.engine.run()
        try simulation.kill()
        // Opening takes a few stripes back.
        let kept = try #require(simulation.store.volume).snapshotStatistics().reuse
        #expect(kept.total >= counted.total && kept.total <= counted.total + 80)
    }

    @Test func `a store that is closed writes what was counted to the last`() async throws {
        try await TemporaryFolder.with { folder in
            let configuration = StoreConfiguration.small(in: folder)
            let store = try CyclicStore.open(configuration)
            for number in UInt16(0)..<400 {
                let key = store.key([UInt8(number & 255), UInt8(number >> 8)])
                let object = PlainObject(key, bytes: [UInt8](repeating: 1, count: 4000))
                while let refusal = store.put(object), refusal.isPassing { await store.flush() }
                if number % 4 == 0 { _ = await store.get(key) }
            }
            await store.close()
            let counted = try #require(store.volume).snapshotStatistics().reuse
            #expect(counted.total > 100 && counted.records(useClass: 1) > 20)
            let inspector = try VolumeInspector(path: folder + "/volume")
            #expect(inspector.reuse() == counted)
            inspector.close()
            let again = try CyclicStore.open(configuration)
            let kept = try #require(again.volume).snapshotStatistics().reuse
            #expect(kept.total >= counted.total && kept.records(useClass: 1) >= counted.records(useClass: 1))
            await again.close()
        }
    }
}
