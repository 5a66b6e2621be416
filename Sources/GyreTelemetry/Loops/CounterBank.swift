// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// A row of counters that any thread may read. On cache lines of its own, so that two loops never write to the same one.
struct CounterBank: ~Copyable, Sendable {
    private static let cacheLineBytes = 128

    let count: Int
    // Sound to share: the memory lives as long as the bank, and is reached through atomic operations alone.
    nonisolated(unsafe) private let cells: UnsafeMutablePointer<Atomic<UInt64>>

    init(count: Int) {
        let bytes = count * MemoryLayout<Atomic<UInt64>>.stride
        let lines = (bytes + Self.cacheLineBytes - 1) / Self.cacheLineBytes
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, lines) * Self.cacheLineBytes, alignment: Self.cacheLineBytes)
        let cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
        self.cells = cells
        self.count = count
    }

    deinit {
        cells.deinitialize(count: count)
        UnsafeMutableRawPointer(cells).deallocate()
    }

    /// Adds, where one thread alone writes: a load and a store, no locked instruction. With two writers counts get lost, and nothing worse.
    @inline(__always)
    func add(_ index: Int, _ amount: UInt64) {
        assert(index >= 0 && index < count)
        cells[index].store(cells[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Adds, where several threads write.
    @inline(__always)
    func addShared(_ index: Int, _ amount: UInt64) {
        assert(index >= 0 && index < count)
        cells[index].wrappingAdd(amount, ordering: .relaxed)
    }

    @inline(__always)
    func load(_ index: Int) -> UInt64 {
        assert(index >= 0 && index < count)
        return cells[index].load(ordering: .relaxed)
    }
}
