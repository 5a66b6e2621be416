// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A piece of memory full of whole lines. It has one owner at a time: a buffer, the queue, or the writer thread.
final class LogBlock: @unchecked Sendable {
    // Unchecked: it is handed over under the writer's lock, and whoever hands it over keeps nothing.
    let capacity: Int
    private let memory: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private(set) var lineCount = 0

    init(capacity: Int) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    var room: Int { capacity - byteCount }
    var cursor: LineCursor { LineCursor(memory + byteCount, end: memory + capacity) }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: byteCount) }

    /// Takes in the line that ends where `line` stands.
    func commitLine(_ line: LineCursor) {
        byteCount = line.next - memory
        lineCount += 1
    }

    func clear() {
        byteCount = 0
        lineCount = 0
    }
}
