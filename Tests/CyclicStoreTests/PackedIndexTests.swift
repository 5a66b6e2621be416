// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct PackedIndexTests {
    @Test(arguments: [UInt64(1), 2, 3]) func `behaves like a dictionary under random inserts and removals`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var index = PackedIndex(totalUnits: 1 << 24, expectedCount: 10_000)
        var model: [KeyHash: RecordAddress] = [:]
        let keys = (0..<20_000).map { _ in KeyHash(high: random.next(), low: random.next()) }
        for step in 0..<100_000 {
            let key = keys[Int(random.next() % UInt64(keys.count))]
            if random.next() % 3 == 0 {
                let removed = index.remove(key)
                #expect(removed?.address == model.removeValue(forKey: key), "seed \(seed) step \(step)")
            } else {
                let address = RecordAddress(units: 1 + random.next() % ((1 << 24) - 1))
                index.insert(key, address: address, units: 1 + step % 16_000)
                model[key] = address
            }
        }
        let (count, overflows, byteCount) = (index.count, index.overflows, index.byteCount)
        #expect(count == model.count && overflows == 0)
        for key in keys {
            let found = index.find(key)?.address
            #expect(found == model[key])
        }
        #expect(byteCount < model.count * 14, "\(byteCount) bytes for \(model.count)")
    }

    @Test(arguments: [0, 1_000, 5_000, 50_000]) func `a wrong guess of what is to come costs nothing after trimming`(expected: Int) {
        var random = SeededRandom(seed: 5)
        var index = PackedIndex(totalUnits: 1 << 24, expectedCount: 5_000)
        index.expect(expected)
        let keys = (1...5_000).map { (hash: KeyHash(high: random.next(), low: random.next()), address: RecordAddress(units: UInt64($0))) }
        for (hash, address) in keys { index.insertIfAbsent(hash, address: address, units: 3) }
        let before = index.byteCount
        for shard in 0..<index.shardCount { index.trim(shard: shard) }
        let (count, after) = (index.count, index.byteCount)
        #expect(count == keys.count)
        #expect(after <= before && after < keys.count * 14)
        if expected > 10_000 { #expect(after * 2 < before) }
        for (hash, address) in keys {
            index.prefetch(hash)
            index.insertIfAbsent(hash, address: RecordAddress(units: 1 << 20), units: 1)
            let found = index.find(hash)?.address
            #expect(found == address)
        }
    }

    @Test func `uses are counted, about right when they are many, and start again with a new record`() {
        var index = PackedIndex(totalUnits: 1 << 20, expectedCount: 100)
        let key = KeyHash(high: 1, low: .max)
        index.insert(key, address: RecordAddress(units: 9), units: 3)
        for expected in 1...4 {
            let uses = index.use(key)?.uses.uses
            #expect(uses == expected)
        }
        for _ in 0..<100_000 { _ = index.use(key) }
        let most = index.find(key)?.uses
        #expect(most == .most)
        index.insert(key, address: RecordAddress(units: 10), units: 3)
        let uses = index.find(key)?.uses
        #expect(uses == UseClass.none)
    }

    @Test func `a removal by address leaves another record of the same key`() {
        var index = PackedIndex(totalUnits: 1 << 20, expectedCount: 100)
        let key = KeyHash(high: 1, low: 2)
        index.insert(key, address: RecordAddress(units: 9), units: 3)
        let atOther = index.remove(key, at: RecordAddress(units: 8))
        let atItsPlace = index.remove(key, at: RecordAddress(units: 9))
        let found = index.find(key)
        #expect(atOther == nil && atItsPlace != nil && found == nil)
    }

    @Test func `all entries of one stripe can be swept out`() {
        var index = PackedIndex(totalUnits: 1 << 20, expectedCount: 100)
        var random = SeededRandom(seed: 4)
        for units in 1..<2000 {
            index.insert(KeyHash(high: random.next(), low: random.next()), address: RecordAddress(units: UInt64(units)), units: 1)
        }
        index.removeAll(from: RecordAddress(units: 500), upTo: RecordAddress(units: 1500))
        let count = index.count
        #expect(count == 999)
    }
}
