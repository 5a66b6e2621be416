// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct WriteGovernorTests {
    private final class Clock: Sendable {
        private let time = Mutex(0)
        var now: Int { time.withLock { $0 } }
        func advance(milliseconds: Int) { time.withLock { $0 += milliseconds * 1_000_000 } }
    }

    /// A store that may write one stripe of 64 KiB a second, offered far more for four minutes, with hits that ask for relocation.
    @Test func `a store under load keeps to its budget, over every ten seconds, and reads on`() throws {
        let clock = Clock()
        let simulation = try SimulatedStore(
            stripes: 32,
            seed: 1,
            replacement: .gyre,
            membufs: 6,
            configure: { $0.writeBytesPerSecond = 65_536 },
            nanoseconds: { clock.now }
        )
        let volume = try #require(simulation.store.volume)
        volume.tune(Tuning(relocationUses: 1))
        var written: [Int] = []
        var (hits, refused) = (0, 0)
        for step in 0..<2400 {
            clock.advance(milliseconds: 100)
            volume.tick()
            for part in 0..<3 where simulation.put(step * 3 + part, version: 1, count: 6000) == .overBudget { refused += 1 }
            for back in [1, 50, 120] where step >= back && simulation.get((step - back) * 3) == 1 { hits += 1 }
            simulation.engine.run()
            written.append(volume.snapshotStatistics().deviceBytesWritten)
            volume.checkInvariants()
            if step >= 100 { #expect(written[step] - written[step - 100] <= 655_360, "step \(step)") }
        }
        #expect(refused > 1000 && hits > 500)
        // Demand was there all the time, so the budget is used. With stripes this small marks and directories take some of it too.
        #expect(written[2399] > 240 * 65_536 * 93 / 100)
        simulation.store.flush {}
        for _ in 0..<200 {
            clock.advance(milliseconds: 100)
            volume.tick()
            simulation.engine.run()
        }
        volume.checkNothingLeaks()
    }
}
