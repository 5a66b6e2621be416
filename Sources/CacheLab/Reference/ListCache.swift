// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Least recently used; first in, first out; and first in, first out where what was used gets another round (CLOCK with one bit).
struct ListCache: ReferenceCache {
    enum Kind { case lru, fifo, reinsertion }

    private let kind: Kind
    private let capacity: Int
    private var lists: ObjectLists
    private var queue = ObjectQueue()
    private var isHeld: [Bool]
    private var wasUsed: [Bool]
    private(set) var insertedBytes = 0

    init(_ kind: Kind, _ capacity: Int, _ objectCount: Int) {
        self.kind = kind
        self.capacity = capacity
        lists = ObjectLists(objectCount)
        isHeld = [Bool](repeating: false, count: objectCount)
        wasUsed = isHeld
    }

    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool {
        if isHeld[Int(object)] {
            switch kind {
            case .lru:
                queue.remove(object, &lists)
                queue.append(object, &lists)
            case .reinsertion: wasUsed[Int(object)] = true
            case .fifo: break
            }
            return true
        }
        guard bytes <= capacity else { return false }
        while queue.bytes + bytes > capacity {
            let oldest = queue.first
            queue.remove(oldest, &lists)
            if wasUsed[Int(oldest)] {
                wasUsed[Int(oldest)] = false
                queue.append(oldest, &lists)
            } else {
                isHeld[Int(oldest)] = false
            }
        }
        lists.bytes[Int(object)] = bytes
        isHeld[Int(object)] = true
        queue.append(object, &lists)
        insertedBytes += bytes
        return false
    }
}

/// SIEVE (Zhang and others, NSDI 2024): a hand goes from old to new and takes the first object that was not used since it passed.
struct SieveCache: ReferenceCache {
    private let capacity: Int
    private var lists: ObjectLists
    private var queue = ObjectQueue()
    private var hand = ObjectLists.none
    private var isHeld: [Bool]
    private var wasUsed: [Bool]
    private(set) var insertedBytes = 0

    init(_ capacity: Int, _ objectCount: Int) {
        self.capacity = capacity
        lists = ObjectLists(objectCount)
        isHeld = [Bool](repeating: false, count: objectCount)
        wasUsed = isHeld
    }

    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool {
        if isHeld[Int(object)] {
            wasUsed[Int(object)] = true
            return true
        }
        guard bytes <= capacity else { return false }
        while queue.bytes + bytes > capacity { evict() }
        lists.bytes[Int(object)] = bytes
        isHeld[Int(object)] = true
        queue.append(object, &lists)
        insertedBytes += bytes
        return false
    }

    private mutating func evict() {
        var object = hand == ObjectLists.none ? queue.first : hand
        while wasUsed[Int(object)] {
            wasUsed[Int(object)] = false
            object = lists.next[Int(object)]
            if object == ObjectLists.none { object = queue.first }
        }
        hand = lists.next[Int(object)]
        queue.remove(object, &lists)
        isHeld[Int(object)] = false
    }
}
