// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

/// Real threads, a real file, the thread engine: for the thread sanitizer, and for what only threads can get wrong.
@Suite struct PurgerThreadsTests {
    @Test func `of a write and a purge at the same time one is later for everybody`() async throws {
        try await TemporaryFolder.with { try await race($0 + "/journal") }
    }

    private func race(_ path: String) async throws {
        let device = try FileDevice(path: path, byteCount: 1 << 20)
        let engine = ThreadEngine(threads: 2)
        let clock = PurgeRig.Counter(100)
        let opened = PurgeRig.open([device], clock, engine)
        let purger = opened.purger
        let seen = Seen()
        let count = 3000
        await withTaskGroup(of: Void.self) { group in
            // Purges one key again and again, and says so afterwards.
            group.addTask {
                for _ in 0..<count {
                    let serial = purger.purge(.key(PurgeRig.key("a")), .hard) { outcome in
                        if outcome == .durable { seen.acknowledged.wrappingAdd(1, ordering: .relaxed) }
                    }
                    seen.purgedThrough.store(serial ?? 0, ordering: .releasing)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<count {
                        // A record written before the last purge that has returned is gone; one written now and not purged since is not.
                        let purged = seen.purgedThrough.load(ordering: .acquiring)
                        if purged > 0, purger.verdict(serial: purged - 1, key: PurgeRig.key("a")) != .gone {
                            seen.missed.wrappingAdd(1, ordering: .relaxed)
                        }
                        let written = clock.next()
                        if purger.verdict(serial: written, key: PurgeRig.key("b")) != .current {
                            seen.missed.wrappingAdd(1, ordering: .relaxed)
                        }
                    }
                }
            }
        }
        await withCheckedContinuation { continuation in purger.flush { continuation.resume() } }
        #expect(seen.missed.load(ordering: .relaxed) == 0)
        #expect(seen.acknowledged.load(ordering: .relaxed) == count)
        let counts = purger.snapshotCounts.journals[PurgeRig.id(0)]
        #expect((counts?.syncs ?? .max) < count, "purges share syncs")
        engine.shutDown()
        device.close()
        let again = try FileDevice(path: path, byteCount: nil)
        let second = PurgeRig.open([again], clock, SteppedEngine(seed: 1))
        #expect(second.purger.newestPurge == purger.newestPurge)
        #expect(second.purger.verdict(serial: purger.newestPurge - 1, key: PurgeRig.key("a")) == .gone)
        again.close()
    }

    private final class Seen: Sendable {
        /// Serial of the last purge that has returned.
        let purgedThrough = Atomic<UInt64>(0)
        let acknowledged = Atomic<Int>(0)
        let missed = Atomic<Int>(0)
    }
}
