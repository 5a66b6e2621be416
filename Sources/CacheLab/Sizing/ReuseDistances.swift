// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// How far apart the uses of objects are, in bytes of other objects, in constant memory.
///
/// Of the objects used lately the distances are exact. Of others they come from SHARDS with a fixed number of objects (Waldspurger and
/// others, FAST 2015): an object is in the sample when its hash is small; when the sample is full the object with the largest hash leaves
/// and the threshold comes down to it. Distances are scaled by the share of the objects that is sampled. What is asked for most is seldom
/// far away, so whether it happens to be in the sample, the weakness of SHARDS, matters little here.
package struct ReuseDistances: Sendable {
    private var recent: UseStack
    private var sample: UseStack
    private let sampleMax: Int
    private var largest: LargestFirst
    /// Hashes up to this are sampled.
    private var threshold = UInt64.max
    /// Requests by distance: those of recent objects, then those of others, of which there is a sample.
    private var near = Histogram()
    private var far = Histogram()
    private var farRequests = 0
    private var farBytes = 0
    private var sampledFar = (requests: 0.0, bytes: 0.0)
    private(set) package var requests = 0
    private(set) package var bytes = 0

    /// - Parameter objectsMax: Objects in the sample, and as many recent ones; about 200 bytes each.
    package init(objectsMax: Int = 16_384) {
        sampleMax = max(16, objectsMax)
        recent = UseStack(objectsMax: sampleMax)
        sample = UseStack(objectsMax: sampleMax)
        largest = LargestFirst(capacity: sampleMax + 1)
    }

    /// Share of the objects that is sampled.
    package var share: Double { (Double(threshold) + 1) / 0x1p64 }
    package var sampledObjects: Int { sample.count }

    /// Whether an object is, as things stand, in the sample.
    package func samples(_ hash: UInt64) -> Bool { hash <= threshold }

    /// Tells of a request for an object.
    /// - Parameter hash: Spread evenly over all numbers, and the object's alone.
    package mutating func request(_ hash: UInt64, bytes: Int) {
        requests += 1
        self.bytes += bytes
        let exact = recent.use(hash, bytes: bytes)
        if recent.count > sampleMax { recent.removeOldest() }
        if let exact {
            near.add(distance: Double(exact), bytes: bytes, weight: 1)
        } else {
            farRequests += 1
            farBytes += bytes
        }
        guard hash <= threshold else { return }
        let weight = 1 / share
        let between = sample.use(hash, bytes: bytes)
        if between == nil { largest.insert(hash) }
        if exact == nil {
            sampledFar.requests += weight
            sampledFar.bytes += weight * Double(bytes)
            if let between {
                let scaled = Double(between - bytes) * weight + Double(bytes)
                far.add(distance: max(scaled, Double(recent.bytes)), bytes: bytes, weight: weight)
            }
        }
        if sample.count > sampleMax {
            let last = largest.removeLargest()
            sample.remove(last)
            threshold = last - 1
        }
    }

    /// Object and byte hit ratio of an LRU cache of so many bytes.
    package func hitRatios(bytes capacity: Int) -> (objects: Double, bytes: Double) {
        guard requests > 0, bytes > 0, capacity > 0 else { return (0, 0) }
        var (hits, hitBytes) = near.sums(within: capacity)
        let (farHits, farHitBytes) = far.sums(within: capacity)
        if sampledFar.requests > 0 { hits += farHits / sampledFar.requests * Double(farRequests) }
        if sampledFar.bytes > 0 { hitBytes += farHitBytes / sampledFar.bytes * Double(farBytes) }
        return (min(1, hits / Double(requests)), min(1, hitBytes / Double(bytes)))
    }

    /// The share that hits have, when a sample had so many requests, or bytes, and should have had others.
    ///
    /// What a sample has too few or too many of is what is asked for most, and that hits (SHARDS-adj). For samples without a part that is
    /// exact.
    static func corrected(_ hits: Double, of sampled: Double, expected: Double) -> Double {
        expected > 0 ? min(1, max(0, (hits + expected - sampled) / expected)) : 0
    }

    /// Requests and bytes by distance, thirty-two buckets for each doubling.
    private struct Histogram: Sendable {
        private static let count = 50 * 32
        private var requests = [Double](repeating: 0, count: count)
        private var bytes = [Double](repeating: 0, count: count)

        private static func place(_ distance: Double) -> Double { max(0, log2(max(1, distance)) * 32) }

        mutating func add(distance: Double, bytes some: Int, weight: Double) {
            let bucket = min(Self.count - 1, Int(Self.place(distance)))
            requests[bucket] += weight
            bytes[bucket] += weight * Double(some)
        }

        func sums(within capacity: Int) -> (requests: Double, bytes: Double) {
            let place = Self.place(Double(capacity))
            let whole = min(Int(place), Self.count - 1)
            let part = min(1, place - Double(whole))
            return (
                requests[..<whole].reduce(0, +) + part * requests[whole], bytes[..<whole].reduce(0, +) + part * bytes[whole]
            )
        }
    }
}

/// Objects in the order of their last use, with the bytes of those used since any of them.
struct UseStack: Sendable {
    private struct Use {
        var position: Int
        var bytes: Int
    }

    private var uses: [UInt64: Use] = [:]
    private var hashes: [UInt64]
    private var sums: RunningSums
    private var nextPosition = 0
    private var oldest = 0

    init(objectsMax: Int) {
        sums = RunningSums(count: 4 * (objectsMax + 1))
        hashes = [UInt64](repeating: 0, count: sums.count)
        uses.reserveCapacity(objectsMax + 1)
    }

    var count: Int { uses.count }
    var bytes: Int { sums.total }

    /// Puts an object on top.
    /// - Returns: Bytes of the objects used since it was, and its own; nil when it was not there.
    mutating func use(_ hash: UInt64, bytes: Int) -> Int? {
        if nextPosition == sums.count { renumber() }
        var distance: Int?
        if let use = uses[hash] {
            distance = sums.total - sums.sum(through: use.position) + bytes
            sums.add(-use.bytes, at: use.position)
        }
        uses[hash] = Use(position: nextPosition, bytes: bytes)
        hashes[nextPosition] = hash
        sums.add(bytes, at: nextPosition)
        nextPosition += 1
        return distance
    }

    mutating func remove(_ hash: UInt64) {
        if let use = uses.removeValue(forKey: hash) { sums.add(-use.bytes, at: use.position) }
    }

    mutating func removeOldest() {
        while oldest < nextPosition {
            let hash = hashes[oldest]
            oldest += 1
            if uses[hash]?.position == oldest - 1 { return remove(hash) }
        }
    }

    private mutating func renumber() {
        let order = uses.sorted { $0.value.position < $1.value.position }
        sums = RunningSums(count: sums.count)
        for (position, (hash, use)) in order.enumerated() {
            uses[hash] = Use(position: position, bytes: use.bytes)
            hashes[position] = hash
            sums.add(use.bytes, at: position)
        }
        nextPosition = order.count
        oldest = 0
    }
}

/// Sums of a row of numbers up to any place, each change in logarithmic time (Fenwick, 1994).
struct RunningSums: Sendable {
    private var tree: [Int]
    private(set) var total = 0

    init(count: Int) { tree = [Int](repeating: 0, count: count + 1) }

    var count: Int { tree.count - 1 }

    mutating func add(_ value: Int, at position: Int) {
        total += value
        var index = position + 1
        while index < tree.count {
            tree[index] += value
            index += index & -index
        }
    }

    func sum(through position: Int) -> Int {
        var index = position + 1
        var sum = 0
        while index > 0 {
            sum += tree[index]
            index -= index & -index
        }
        return sum
    }
}

/// A binary heap with the largest number on top.
struct LargestFirst: Sendable {
    private var heap: [UInt64] = []

    init(capacity: Int) { heap.reserveCapacity(capacity) }

    mutating func insert(_ value: UInt64) {
        heap.append(value)
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2] < heap[index] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// There must be one.
    mutating func removeLargest() -> UInt64 {
        heap.swapAt(0, heap.count - 1)
        let largest = heap.removeLast()
        var index = 0
        while true {
            var next = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] > heap[next] { next = child }
            if next == index { return largest }
            heap.swapAt(index, next)
            index = next
        }
    }
}
