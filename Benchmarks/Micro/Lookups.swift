// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// Lookups in memory while there are more and more objects.
enum Lookups {
    /// The least an object can be.
    private final class Entry: StoredObject {
        let kind = RecordKind.object
        let key: StoreKey
        let memoryBytes = 256
        let metadataByteCount = 0
        let payloadByteCount = 0

        init(_ key: StoreKey) { self.key = key }

        func copyContent(into region: UnsafeMutableRawBufferPointer) {}
    }

    static func measurements(_ counts: [Int]) throws -> [Measurement] {
        var found: [Measurement] = []
        for count in counts {
            found += try one(count)
        }
        return found
    }

    private static func keyBytes(_ number: Int) -> [UInt8] { Array("http://site.test/objects/\(number)".utf8) }

    private static func one(_ count: Int) throws -> [Measurement] {
        var configuration = StoreConfiguration()
        configuration.memoryBytes = count * 320 + (64 << 20)
        let store = try CyclicStore.open(configuration)
        for number in 0..<count {
            guard store.put(Entry(store.key(keyBytes(number)))) == nil else { preconditionFailure("there is room") }
        }
        // Keys are made before, and used once each: what is measured is the lookup, with nothing of the object in a cache.
        var random = SeededRandom(seed: 1)
        let asked = (0..<(1 << 20)).map { _ in store.key(keyBytes(Int.random(in: 0..<count, using: &random))) }
        var misses = 0
        let lookup = measure("lookup in memory, \(count) objects at random") { number in
            let key = asked[number & (asked.count - 1)]
            if key.bytes.withUnsafeBytes({ store.objectInMemory(key.hash, key: $0) }) == nil { misses += 1 }
        }
        precondition(misses == 0, "\(misses) of what was stored last is missing")
        return [lookup, memoryAccess(count * 256)]
    }

    /// One load that depends on the one before, anywhere in as much memory.
    private static func memoryAccess(_ bytes: Int) -> Measurement {
        let lines = max(16, bytes / 64)
        var next = [UInt32](repeating: 0, count: lines * 16)
        var order = Array(0..<UInt32(lines))
        var random = SeededRandom(seed: 2)
        for index in stride(from: lines - 1, to: 0, by: -1) { order.swapAt(index, Int.random(in: 0...index, using: &random)) }
        for index in 0..<lines { next[Int(order[index]) * 16] = order[(index + 1) % lines] }
        var place = 0
        let result = measure("one load that waits for memory, out of \(bytes >> 20) MiB", isLimit: true) { _ in place = Int(next[place * 16]) }
        use(place)
        return result
    }
}
