// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct MemoryTierTests {
    private func object(_ number: Int, bytes: Int) -> PlainObject {
        let key = StoreKey(
            hash: KeyHash(high: UInt64(number), low: UInt64(number) &* 0x9e37_79b9_7f4a_7c15),
            bytes: Array("\(number)".utf8)
        )
        return PlainObject(RecordImage(kind: .object, key: key, metadata: [], payload: OwnedBytes(capacity: bytes)))
    }

    @Test(arguments: [UInt64(1), 2]) func `never holds more than its capacity and counts what it holds`(seed: UInt64) {
        let tier = MemoryTier(capacityBytes: 100_000)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let number = Int(random.next() % 300)
            switch random.next() % 4 {
            case 0: tier.insert(object(number, bytes: Int(random.next() % 2000)), serial: nil)
            case 1: tier.remove(object(number, bytes: 0).key.hash, serial: nil)
            default: _ = tier.object(for: object(number, bytes: 0).key.hash, newestPurge: 0)
            }
            #expect(tier.summary.bytes <= 100_000)
        }
        let held = (0..<300).compactMap { tier.object(for: object($0, bytes: 0).key.hash, newestPurge: 0) }
        #expect(held.count == tier.summary.objects && held.reduce(0) { $0 + $1.memoryBytes } == tier.summary.bytes)
    }

    @Test func `objects asked for again outlive a flood of others`() {
        let tier = MemoryTier(capacityBytes: 200_000)
        for number in 0..<20 { tier.insert(object(number, bytes: 1000), serial: nil) }
        for number in 0..<20 { _ = tier.object(for: object(number, bytes: 0).key.hash, newestPurge: 0) }
        for number in 1000..<3000 { tier.insert(object(number, bytes: 1000), serial: nil) }
        let survivors = (0..<20).filter { tier.contains(object($0, bytes: 0).key.hash) }
        #expect(survivors.count == 20)
    }

    @Test func `an object above an eighth of the memory is not kept`() {
        let tier = MemoryTier(capacityBytes: 80_000)
        #expect(!tier.insert(object(1, bytes: 20_000), serial: nil).isKept && tier.summary.objects == 0)
    }

    private func find(_ tier: MemoryTier, _ number: Int, newestPurge: UInt64 = 0) -> MemoryTier.Found {
        tier.find(object(number, bytes: 0).key, newestPurge: newestPurge)
    }

    private func isFound(_ tier: MemoryTier, _ number: Int) -> Bool {
        if case .object = find(tier, number) { true } else { false }
    }

    @Test func `what departs carries its uses and whether it is on the disk, and is found until it is sent`() {
        let tier = MemoryTier(capacityBytes: 20_000, smallShare: 0.5)
        tier.insert(object(0, bytes: 1000), serial: nil, .dirty)
        tier.insert(object(1, bytes: 1000), serial: 7, .dirty)
        tier.insert(object(2, bytes: 1000), serial: nil)
        for _ in 0..<5 { _ = tier.object(for: object(1, bytes: 0).key.hash, newestPurge: 0) }
        var gone: [KeyHash: Outgoing] = [:]
        for number in 100..<200 {
            for _ in 0..<2 { _ = tier.object(for: object(number - 1, bytes: 0).key.hash, newestPurge: 0) }
            for leaving in tier.insert(object(number, bytes: 1000), serial: nil).dirty { gone[leaving.hash] = leaving }
        }
        let (first, second) = (gone[object(0, bytes: 0).key.hash], gone[object(1, bytes: 0).key.hash])
        #expect(first?.uses == 0 && second?.uses == 5 && second?.serial == 7 && gone.count == 2)
        #expect(isFound(tier, 0) && isFound(tier, 1) && !isFound(tier, 2))
        tier.sent(Array(gone.values))
        #expect(!isFound(tier, 0) && tier.summary.dirty == 0)
    }

    @Test func `an object that cannot be kept departs at once when it is nowhere else`() {
        let tier = MemoryTier(capacityBytes: 80_000)
        let left = tier.insert(object(1, bytes: 20_000), serial: nil, .dirty)
        #expect(!left.isKept && left.dirty.count == 1 && isFound(tier, 1))
        #expect(tier.insert(object(2, bytes: 20_000), serial: nil).dirty.isEmpty)
    }

    @Test func `whatever comes after an object on its way to a volume cancels it`() {
        for event in 0..<3 {
            let tier = MemoryTier(capacityBytes: 80_000)
            let leaving = tier.insert(object(1, bytes: 20_000), serial: nil, .dirty).dirty[0]
            switch event {
            case 0: tier.insert(object(1, bytes: 100), serial: nil)
            case 1: tier.remove(leaving.hash, serial: nil)
            default: #expect(tier.supersede(leaving.hash))
            }
            #expect(leaving.isCancelled && isFound(tier, 1) == (event == 0))
        }
    }

    @Test func `a staged object is found though the queues let it go`() {
        let tier = MemoryTier(capacityBytes: 8000)
        let staged = tier.insert(object(1, bytes: 500), serial: 1, .staged, group: 3).staged
        for number in 10..<100 { tier.insert(object(number, bytes: 500), serial: nil) }
        #expect(isFound(tier, 1) && staged?.group == 3)
        tier.sent([staged].compactMap { $0 })
        #expect(!isFound(tier, 1))
    }

    @Test func `a group's dirty members are handed out once, up to a bound, and stay in memory`() {
        let tier = MemoryTier(capacityBytes: 100_000)
        for number in 0..<10 { tier.insert(object(number, bytes: 1000), serial: UInt64(number) + 1, .dirty, group: number < 8 ? 5 : 6) }
        #expect(tier.takeDirty(group: 5, maxBytes: 3500).count == 3)
        #expect(tier.takeDirty(group: 5, maxBytes: 100_000).count == 5 && tier.takeDirty(group: 5, maxBytes: 100_000).isEmpty)
        _ = tier.object(for: object(9, bytes: 0).key.hash, newestPurge: 0)
        #expect(tier.takeAllDirty().filter { $0.uses > 0 }.map { Int($0.hash.high) } == [9], "the others were not used")
        #expect((0..<10).allSatisfy { isFound(tier, $0) } && tier.summary.objects == 10)
    }

    @Test func `a purge makes an object be looked at once, and what it said is kept`() {
        let tier = MemoryTier(capacityBytes: 100_000)
        for number in 0..<3 { tier.insert(object(number, bytes: 100), serial: 10) }
        for (number, verdict) in [PurgeVerdict.current, .stale, .gone].enumerated() {
            #expect(tier.object(for: object(number, bytes: 0).key.hash, newestPurge: 20) == nil)
            guard case .unchecked(let found, 10, false) = find(tier, number, newestPurge: 20) else {
                Issue.record("not looked at")
                return
            }
            tier.settle(found, verdict, checked: 20)
        }
        #expect(tier.object(for: object(0, bytes: 0).key.hash, newestPurge: 20) != nil)
        #expect(tier.object(for: object(1, bytes: 0).key.hash, newestPurge: 20) == nil, "stale ones are never handed out so")
        guard case .object(_, isStale: true) = find(tier, 1, newestPurge: 20), case .nothing = find(tier, 2, newestPurge: 20) else {
            Issue.record("the verdict was not kept")
            return
        }
    }
}
