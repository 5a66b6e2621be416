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

    /// A store that may write one stripe of 64 KiB a second.
    private func boundedStore(_ clock: Clock, seed: UInt64) throws -> SimulatedStore {
        try SimulatedStore(
            stripes: 32,
            seed: seed,
            replacement: .gyre,
            membufs: 6,
            configure: { $0.writeBytesPerSecond = 65_536 },
            nanoseconds: { clock.now }
        )
    }

    /// Offered far more than it may write for four minutes, with hits that ask for relocation.
    @Test func `a store under load keeps to its budget, over every ten seconds, and reads on`() throws {
        let clock = Clock()
        let simulation = try boundedStore(clock, seed: 1)
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

    /// 1,600 stripes of 64 KiB may be written a day, twice that is offered, with a purge every ten minutes, a clean restart every six hours
    /// and a crash every fourteen.
    @Test func `a store keeps to its bytes of the day within two per cent, counted at the device, over restarts and crashes`() throws {
        let clock = Clock()
        let daily = 1600 * 65_536
        let simulation = try SimulatedStore(
            stripes: 64,
            seed: 2,
            replacement: .gyre,
            membufs: 6,
            configure: { $0.writeBytesPerDay = daily },
            nanoseconds: { clock.now }
        )
        // By steps of twenty seconds, over two days.
        let (steps, day) = (2 * 86_400 / 20, 86_400 / 20)
        var written: [Int] = []
        for step in 0..<steps {
            clock.advance(milliseconds: 20_000)
            let volume = try #require(simulation.store.volume)
            volume.tick()
            // Objects of zeros: making others would be most of the time.
            let image = RecordImage(
                kind: .object,
                key: simulation.key(step),
                metadata: [],
                payload: .copy(of: [UInt8](repeating: 0, count: 48_000))
            )
            simulation.store.put(PlainObject(image))
            if step % 30 == 7 { simulation.store.purge(.key(simulation.key(step - 3))) }
            simulation.engine.run()
            if step % (6 * 180) == 600 {
                volume.saveStatistics()
                simulation.flush()
                try simulation.reopen()
            } else if step % (14 * 180) == 900 {
                try simulation.crash()
            }
            written.append(simulation.device.counts.bytesWritten)
        }
        // What is saved up at the beginning comes on top of nothing: no day is above its bound.
        for end in day..<steps { #expect(written[end] - written[end - day] <= daily, "day up to step \(end)") }
        #expect(written[day - 1] > daily * 98 / 100, "\(Double(written[day - 1]) / Double(daily))")
        #expect(written[steps - 1] - written[steps - 1 - day] > daily * 98 / 100)
    }

    /// As much as in the test above is offered, and purges besides: two in each tenth of a second, each a page and a sync, which alone are more than
    /// the budget in some ten seconds; then none for ten.
    @Test func `purges keep to the budget of ten seconds too, counted at the device, and all are durable in the end`() throws {
        let clock = Clock()
        let simulation = try boundedStore(clock, seed: 6)
        let done = Mutex((purges: 0, failures: 0))
        var written: [Int] = []
        var (asked, slowest) = (0, 0)
        var waitingSince: Int?
        for step in 0..<2400 {
            clock.advance(milliseconds: 100)
            simulation.store.tick()
            for part in 0..<3 { simulation.put(step * 3 + part, version: 1, count: 6000) }
            if step % 200 < 100 {
                for part in 0..<2 {
                    asked += 1
                    simulation.store.purge(.key(simulation.key(step * 3 + part - 6))) { outcome in
                        done.withLock {
                            $0.purges += 1
                            if outcome != .durable { $0.failures += 1 }
                        }
                    }
                    simulation.engine.run()
                }
            }
            simulation.engine.run()
            let isWaiting = done.withLock { $0.purges } < asked
            if !isWaiting { waitingSince = nil } else if waitingSince == nil { waitingSince = step }
            slowest = max(slowest, waitingSince.map { step - $0 } ?? 0)
            written.append(simulation.device.counts.bytesWritten)
            if step >= 100 { #expect(written[step] - written[step - 100] <= 655_360, "step \(step)") }
        }
        wait(clock, simulation, for: Flag())
        #expect(done.withLock { $0 } == (asked, 0))
        #expect(asked == 2400 && slowest < 100, "asked \(asked) times, and waited for \(slowest) tenths of a second")
        #expect(written[2399] > 240 * 65_536 * 93 / 100)
    }

    /// A store that has spent what it had, with one object on the disk.
    private func spentStore(_ clock: Clock, seed: UInt64) throws -> SimulatedStore {
        let simulation = try SimulatedStore(
            stripes: 32,
            seed: seed,
            configure: { $0.writeBytesPerSecond = 65_536 },
            nanoseconds: { clock.now }
        )
        simulation.put(0, version: 1, count: 2000)
        // Two stripes' bytes are saved up.
        for number in 1...2 {
            simulation.flush()
            simulation.put(number, version: 1, count: 2000)
        }
        simulation.flush()
        #expect(simulation.put(3, version: 1, count: 2000) == .overBudget)
        return simulation
    }

    private func wait(_ clock: Clock, _ simulation: SimulatedStore, for done: Flag, ticks: Int = 100) {
        for _ in 0..<ticks where !done.isSet {
            clock.advance(milliseconds: 100)
            simulation.store.tick()
            simulation.engine.run()
        }
    }

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    @Test func `a flush waits for the bytes of a removal, and ends without anybody else's help`() throws {
        let clock = Clock()
        let simulation = try spentStore(clock, seed: 4)
        simulation.store.remove(simulation.key(0))
        let done = Flag()
        simulation.store.flush { done.set() }
        simulation.engine.run()
        #expect(!done.isSet, "a removal that is not on the disk would come undone")
        wait(clock, simulation, for: done)
        #expect(done.isSet)
        try simulation.kill()
        #expect(simulation.get(0) == nil)
    }

    @Test func `a flush ends with the stripe that took a removal along, not before`() throws {
        let clock = Clock()
        let simulation = try spentStore(clock, seed: 5)
        simulation.store.remove(simulation.key(0))
        let done = Flag()
        simulation.store.flush { done.set() }
        simulation.engine.run()
        // Bytes for one stripe: the put that opens it takes the removal along.
        clock.advance(milliseconds: 1500)
        #expect(simulation.put(4, version: 1, count: 2000) == nil)
        simulation.engine.run()
        simulation.store.tick()
        // Whenever it says that it is done, it is.
        wait(clock, simulation, for: done)
        #expect(done.isSet)
        try simulation.kill()
        #expect(simulation.get(0) == nil)
    }

    @Test func `with two membufs and no bytes left nobody waits: not a put, and not a writer of pieces`() throws {
        let clock = Clock()
        let simulation = try SimulatedStore(
            stripes: 32,
            seed: 3,
            replacement: .cyclic,
            membufs: 2,
            configure: { $0.writeBytesPerSecond = 13_108 },
            nanoseconds: { clock.now }
        )
        var refusals: Set<RefusedWrite> = []
        for number in 0..<200 {
            if let refusal = simulation.put(number, version: 1, count: 6000) { refusals.insert(refusal) }
            simulation.engine.run()
        }
        #expect(refusals == [.overBudget])
        let writer = ObjectWriter(store: simulation.store, key: simulation.key(1000))
        let piece = [UInt8](repeating: 7, count: 100_000)
        for _ in 0..<40 {
            piece.withUnsafeBytes { writer.append($0) }
            simulation.engine.run()
            #expect(!writer.isBlocked, "it would wait for bytes of the budget")
        }
        writer.finish(metadata: [])
        #expect(writer.failure == .refused(.overBudget) && !writer.isBlocked)
    }
}
