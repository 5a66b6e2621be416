// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// W-TinyLFU (Einziger, Friedman and Manes, ACM TOS 2017): a window of 1 % before a segmented LRU, and a sketch of the frequencies that
/// decides which of the window's oldest and the main part's oldest stays.
///
/// Sizes: the newcomer must be asked for more often than the first object that would have to go for it. Libraries differ in this.
struct WTinyLFUCache: ReferenceCache {
    private enum Place: UInt8 { case nowhere, window, probation, protected }

    private let capacity: Int
    private let windowCapacity: Int
    private let protectedCapacity: Int
    private var lists: ObjectLists
    private var window = ObjectQueue()
    private var probation = ObjectQueue()
    private var protected = ObjectQueue()
    private var places: [Place]
    private var sketch: FrequencySketch
    private(set) var insertedBytes = 0

    init(_ capacity: Int, _ objectCount: Int) {
        self.capacity = capacity
        windowCapacity = max(1, capacity / 100)
        protectedCapacity = (capacity - windowCapacity) / 10 * 8
        lists = ObjectLists(objectCount)
        places = [Place](repeating: .nowhere, count: objectCount)
        sketch = FrequencySketch()
    }

    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool {
        let index = Int(object)
        sketch.add(object)
        switch places[index] {
        case .window:
            window.remove(object, &lists)
            window.append(object, &lists)
            return true
        case .protected:
            protected.remove(object, &lists)
            protected.append(object, &lists)
            return true
        case .probation:
            probation.remove(object, &lists)
            protected.append(object, &lists)
            places[index] = .protected
            while protected.bytes > protectedCapacity, protected.count > 1 {
                let oldest = protected.first
                protected.remove(oldest, &lists)
                probation.append(oldest, &lists)
                places[Int(oldest)] = .probation
            }
            return true
        case .nowhere: break
        }
        guard bytes <= capacity else { return false }
        lists.bytes[index] = bytes
        window.append(object, &lists)
        places[index] = .window
        insertedBytes += bytes
        while window.bytes > windowCapacity { leaveWindow() }
        sketch.follow(window.count + probation.count + protected.count)
        return false
    }

    private mutating func leaveWindow() {
        let candidate = window.first
        window.remove(candidate, &lists)
        places[Int(candidate)] = .nowhere
        let room = capacity - windowCapacity
        let bytes = lists.bytes[Int(candidate)]
        guard bytes <= room else { return }
        if probation.bytes + protected.bytes + bytes > room {
            let victim = probation.count > 0 ? probation.first : protected.first
            guard sketch.frequency(candidate) > sketch.frequency(victim) else { return }
        }
        while probation.bytes + protected.bytes + bytes > room {
            let isProbation = probation.count > 0
            let victim = isProbation ? probation.first : protected.first
            if isProbation { probation.remove(victim, &lists) } else { protected.remove(victim, &lists) }
            places[Int(victim)] = .nowhere
        }
        probation.append(candidate, &lists)
        places[Int(candidate)] = .probation
    }
}

/// Counts to 15 in four rows, halved all together when ten times as many were added as there are objects.
struct FrequencySketch {
    private var rows: [UInt8]
    private var mask: Int
    private var added = 0
    private var objects = 0

    init() {
        rows = [UInt8](repeating: 0, count: 4 * 1024)
        mask = 1023
    }

    mutating func add(_ object: UInt32) {
        for row in 0..<4 {
            let position = position(object, row)
            if rows[position] < 15 { rows[position] += 1 }
        }
        added += 1
        guard added > 10 * max(1024, objects) else { return }
        added /= 2
        for position in rows.indices { rows[position] /= 2 }
    }

    func frequency(_ object: UInt32) -> UInt8 {
        (0..<4).reduce(15) { min($0, rows[position(object, $1)]) }
    }

    /// A larger table for more objects; what was counted is kept in all the places it may be looked for.
    mutating func follow(_ count: Int) {
        objects = count
        guard count > mask + 1 else { return }
        let old = rows
        let width = mask + 1
        rows = [UInt8](repeating: 0, count: old.count * 2)
        mask = width * 2 - 1
        for row in 0..<4 {
            for column in 0..<width {
                rows[row * width * 2 + column] = old[row * width + column]
                rows[row * width * 2 + width + column] = old[row * width + column]
            }
        }
    }

    private func position(_ object: UInt32, _ row: Int) -> Int {
        let spread = (UInt64(object) &+ UInt64(row) &* 0x9e37_79b9) &* 0xd6e8_feb8_6659_fd93
        return row * (mask + 1) + Int((spread >> 32) & UInt64(mask))
    }
}
