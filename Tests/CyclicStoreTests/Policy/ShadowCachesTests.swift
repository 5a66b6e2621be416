// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct ShadowCachesTests {
    private func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number)
        return KeyHash(high: random.next(), low: random.next())
    }

    /// Feeds requests as a store with a small first-in first-out memory would, and returns the tuning at the end.
    private func tuning(
        _ aim: ShadowCaches.Aim,
        volumeBytes: Int,
        requests: Int,
        maxObjects: Int = 2048,
        _ next: (inout SeededRandom, Int) -> (object: UInt64, bytes: Int)
    ) -> (best: Tuning, shadows: ShadowCaches) {
        var shadows = ShadowCaches(volumeBytes: volumeBytes, maxObjects: maxObjects, seed: 1)
        var random = SeededRandom(seed: 2)
        var memory: [(object: UInt64, bytes: Int)] = []
        var best = Tuning()
        for step in 0..<requests {
            let (object, bytes) = next(&random, step)
            shadows.request(hash(object), bytes: bytes)
            memory.append((object, bytes))
            if memory.count > 50 {
                let gone = memory.removeFirst()
                shadows.departure(hash(gone.object), bytes: gone.bytes, uses: 0)
            }
            if step % 256 == 255 { best = shadows.best(aim, seconds: 1) }
        }
        return (best, shadows)
    }

    @Test func `a flood of objects that never come again is not written`() {
        // One request in ten is for a thousand objects that stay popular; all else is new every time.
        let (best, _) = tuning(.init(), volumeBytes: 2_000_000, requests: 60_000) { random, step in
            random.next() % 10 == 0 ? (random.next() % 1000, 1000) : (UInt64(1_000_000 + step), 1000)
        }
        #expect(best.writeChance <= 2048, "chance \(best.writeChance)")
    }

    /// One request in three is for what was asked for 1,500 requests ago, nearly as far as a volume of 1.6 MB reaches; the others are new.
    private func returning(_ random: inout SeededRandom, _ step: Int) -> (object: UInt64, bytes: Int) {
        (UInt64(step > 1500 && random.next() % 3 == 0 ? step - 1500 : step), 1000)
    }

    @Test func `objects that come twice, far apart, are written at once when that costs little and not when it costs much`() {
        let (cheap, _) = tuning(.init(writtenByteCost: 0), volumeBytes: 1_600_000, requests: 60_000, returning)
        #expect(cheap.writeChance == Tuning.always)
        let (dear, _) = tuning(.init(writtenByteCost: 5), volumeBytes: 1_600_000, requests: 60_000, returning)
        #expect(dear.writeChance == 0)
    }

    @Test func `a budget that the best tuning would exceed leads to one that writes less`() {
        // A second is 256 requests: at most 256 kB would be written.
        let aim = ShadowCaches.Aim(writtenByteCost: 0, bytesPerSecond: 120_000)
        let (best, shadows) = tuning(aim, volumeBytes: 1_600_000, requests: 60_000, returning)
        let unbounded = shadows.scores.first { $0.tuning.writeChance == Tuning.always }
        let chosen = shadows.scores.first { $0.tuning == best }
        #expect(best.writeChance < Tuning.always)
        #expect((chosen?.written ?? 0) < (unbounded?.written ?? 0) * 0.6)
    }

    @Test func `memory stays within its bound and the sample is halved instead`() {
        let (_, shadows) = tuning(.init(), volumeBytes: 100_000_000, requests: 100_000, maxObjects: 1024) { _, step in
            (UInt64(step), 1000)
        }
        #expect(shadows.sampleShift >= 5)
        #expect(shadows.byteCount < 1024 * 600)
        let sampled = (0..<64_000).filter { shadows.samples(hash(UInt64($0))) }.count
        #expect(abs(Double(sampled) / 64_000 * Double(1 << shadows.sampleShift) - 1) < 0.2)
    }
}
