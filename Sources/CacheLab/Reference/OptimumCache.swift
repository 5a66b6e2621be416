// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Belady's optimum (IBM Systems Journal 1966) with sizes: what is asked for latest in the future goes first, and what never comes again is
/// not kept. For objects of different sizes the true optimum is NP-hard and somewhat higher.
struct OptimumCache: ReferenceCache {
    private let capacity: Int
    private var bytesHeld = 0
    /// When each held object comes next; nil: not held.
    private var nexts: [Int?]
    private var sizes: [Int]
    /// A binary heap, latest first; entries that are no longer true are passed over.
    private var heap: [(next: Int, object: UInt32)] = []
    private(set) var insertedBytes = 0

    init(_ capacity: Int, _ objectCount: Int) {
        self.capacity = capacity
        nexts = [Int?](repeating: nil, count: objectCount)
        sizes = [Int](repeating: 0, count: objectCount)
    }

    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool {
        let index = Int(object)
        let isHit = nexts[index] != nil
        if isHit {
            if next == .max {
                nexts[index] = nil
                bytesHeld -= sizes[index]
            } else {
                nexts[index] = next
                push(next, object)
            }
            return true
        }
        guard bytes <= capacity, next != .max else { return false }
        while bytesHeld + bytes > capacity, let latest = pop() {
            guard nexts[Int(latest.object)] == latest.next else { continue }
            nexts[Int(latest.object)] = nil
            bytesHeld -= sizes[Int(latest.object)]
        }
        nexts[index] = next
        sizes[index] = bytes
        bytesHeld += bytes
        insertedBytes += bytes
        push(next, object)
        return false
    }

    private mutating func push(_ next: Int, _ object: UInt32) {
        heap.append((next, object))
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2].next < heap[child].next {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> (next: Int, object: UInt32)? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].next > heap[child].next { child += 1 }
            guard heap[child].next > heap[parent].next else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return top
    }
}
