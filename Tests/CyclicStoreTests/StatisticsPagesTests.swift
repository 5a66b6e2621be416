// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct StatisticsPagesTests {
    @Test func `a save that comes while another is under way has what came since`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 2)
        let volume = try #require(simulation.store.volume)
        func fill(_ numbers: Range<Int>) {
            for number in numbers {
                simulation.put(number, version: 1, count: 4000)
                simulation.engine.run()
            }
        }
        fill(0..<400)
        volume.saveStatistics()
        for number in 380..<400 { simulation.store.remove(simulation.key(number)) }
        let ended = Mutex(false)
        volume.saveStatistics { ended.withLock { $0 = true } }
        #expect(!ended.withLock { $0 })
        let counted = volume.snapshotStatistics().reuse
        simulation.engine.run()
        #expect(ended.withLock { $0 })
        #expect(try VolumeInspector(device: simulation.device).reuse() == counted)
    }

    @Test func `what was counted is kept over a clean restart, a crash and a torn page`() throws {
        let simulation = try SimulatedStore(stripes: 16, seed: 1)
        func volume() throws -> Volume { try #require(simulation.store.volume) }
        func fill(_ first: Int) {
            for number in first..<(first + 400) {
                simulation.put(number, version: 1, count: 4000)
                simulation.engine.run()
                if number % 5 == 0 { for _ in 0..<3 { #expect(simulation.get(number) == 1) } }
            }
        }
        fill(0)
        let first = try volume().snapshotStatistics().reuse
        #expect(first.total > 100 && first.records(useClass: 0) > 100)
        try volume().saveStatistics()
        try simulation.flushAndSync()
        try simulation.crash()
        // Opening takes a few stripes back.
        func isKept(_ kept: ReuseStatistics) throws -> Bool {
            let total = try volume().snapshotStatistics().reuse.total
            return total >= kept.total && total <= kept.total + 80
        }
        #expect(try isKept(first))

        fill(1000)
        let second = try volume().snapshotStatistics().reuse
        #expect(second.total > first.total + 80)
        try volume().saveStatistics()
        try simulation.flushAndSync()
        let pages = try #require(StatisticsPages(try volume().superblock))
        simulation.device.corrupt(at: pages.offset(of: 2) + 100)
        try simulation.reopen()
        #expect(try isKept(first), "the older page serves")
        fill(2000)
        try volume().saveStatistics()
        simulation.engine.run()
        #expect((try VolumeInspector(device: simulation.device)).reuse().total > first.total)
    }
}
