// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The field lines of one head, in the order they came, in memory that is used again for the next one.
///
/// Memory: 20 bytes for each line there is room for. It grows by doubling, up to the limit of the parse, and never shrinks.
public struct FieldTable: ~Copyable, @unchecked Sendable {
    // Unchecked: the memory has one owner, this value, which cannot be copied.
    @usableFromInline
    internal private(set) var storage: UnsafeMutablePointer<FieldEntry>?
    private(set) var capacity: Int

    /// The number of field lines.
    public internal(set) var count: Int
    /// Which known fields occur.
    public internal(set) var present: FieldSet

    /// Room for this many lines is made at once by ``init(capacity:)`` unless told otherwise: what nearly every client sends.
    public static let usualCapacity = 32

    /// Makes an empty table. With a capacity of 0 nothing is allocated until a first line comes.
    public init(capacity: Int = FieldTable.usualCapacity) {
        self.storage = capacity > 0 ? .allocate(capacity: capacity) : nil
        self.capacity = Swift.max(capacity, 0)
        self.count = 0
        self.present = []
    }

    deinit {
        storage?.deallocate()
    }

    /// One line. `index` must be below ``count``.
    @inlinable
    public subscript(index: Int) -> FieldEntry {
        precondition(index >= 0 && index < count, "field index out of range")
        return storage.unsafelyUnwrapped[index]
    }

    /// The first line of this name at or after `start`, or nil. Cost: at once when the name is not there, else linear.
    public func firstIndex(of field: KnownField, from start: Int = 0) -> Int? {
        guard present.contains(field) else { return nil }
        var index = Swift.max(start, 0)
        while index < count {
            if self[index].known == field { return index }
            index &+= 1
        }
        return nil
    }

    /// The value of the first line of this name, or nil.
    public func firstValue(of field: KnownField) -> ByteSlice? {
        firstIndex(of: field).map { self[$0].value }
    }

    @inline(__always)
    mutating func removeAll() {
        count = 0
        present = []
    }

    @inline(__always)
    mutating func append(_ entry: FieldEntry) {
        if count == capacity { grow() }
        storage.unsafelyUnwrapped.advanced(by: count).initialize(to: entry)
        count &+= 1
        present.formUnion(FieldSet(entry.known))
    }

    @inline(never)
    private mutating func grow() {
        let larger = Swift.max(8, capacity &* 2)
        let fresh = UnsafeMutablePointer<FieldEntry>.allocate(capacity: larger)
        if let storage {
            fresh.moveInitialize(from: storage, count: count)
            storage.deallocate()
        }
        storage = fresh
        capacity = larger
    }
}
