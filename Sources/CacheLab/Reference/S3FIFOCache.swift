// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// S3-FIFO as its authors' simulator has it (Yang and others, SOSP 2023): a small queue of a tenth, a ghost queue of nine tenths of the
/// bytes, two uses to pass from the small to the main queue.
struct S3FIFOCache: ReferenceCache {
    private enum Place: UInt8 { case nowhere, small, main, ghost }

    private let capacity: Int
    private let smallCapacity: Int
    private let mainCapacity: Int
    private let ghostCapacity: Int
    private var lists: ObjectLists
    private var small = ObjectQueue()
    private var main = ObjectQueue()
    private var ghosts = ObjectQueue()
    private var places: [Place]
    private var uses: [UInt8]
    private(set) var insertedBytes = 0
    private var hasEvicted = false

    init(_ capacity: Int, _ objectCount: Int) {
        self.capacity = capacity
        smallCapacity = capacity / 10
        mainCapacity = capacity - smallCapacity
        ghostCapacity = Int(Double(capacity) * 0.9)
        lists = ObjectLists(objectCount)
        places = [Place](repeating: .nowhere, count: objectCount)
        uses = [UInt8](repeating: 0, count: objectCount)
    }

    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool {
        let index = Int(object)
        if places[index] == .small || places[index] == .main {
            uses[index] = min(3, uses[index] + 1)
            return true
        }
        guard bytes <= capacity else { return false }
        let returns = places[index] == .ghost
        if returns {
            ghosts.remove(object, &lists)
            places[index] = .nowhere
        }
        while small.bytes + main.bytes + bytes > capacity { evict() }
        lists.bytes[index] = bytes
        uses[index] = 0
        if returns {
            insert(object, main: true)
        } else if bytes < smallCapacity {
            insert(object, main: !hasEvicted && small.bytes >= smallCapacity)
        } else {
            return false
        }
        insertedBytes += bytes
        return false
    }

    private mutating func insert(_ object: UInt32, main isMain: Bool) {
        places[Int(object)] = isMain ? .main : .small
        if isMain { main.append(object, &lists) } else { small.append(object, &lists) }
    }

    private mutating func evict() {
        hasEvicted = true
        if main.bytes > mainCapacity || small.count == 0 { evictMain() } else { evictSmall() }
    }

    private mutating func evictSmall() {
        while small.bytes > 0 {
            let object = small.first
            small.remove(object, &lists)
            if uses[Int(object)] >= 2 {
                uses[Int(object)] = 0
                insert(object, main: true)
                continue
            }
            places[Int(object)] = .ghost
            ghosts.append(object, &lists)
            while ghosts.bytes > ghostCapacity {
                let oldest = ghosts.first
                ghosts.remove(oldest, &lists)
                places[Int(oldest)] = .nowhere
            }
            return
        }
    }

    private mutating func evictMain() {
        while main.bytes > 0 {
            let object = main.first
            main.remove(object, &lists)
            guard uses[Int(object)] > 0 else {
                places[Int(object)] = .nowhere
                return
            }
            uses[Int(object)] -= 1
            main.append(object, &lists)
        }
    }
}
