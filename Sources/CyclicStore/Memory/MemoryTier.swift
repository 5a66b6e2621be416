// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Objects in memory, found by key hash. One lock; a hit is a table probe and a retain inside it.
///
/// The tier never holds an older state of a key than the volume. Two things guard that, both kept for groups of keys that share a few bits
/// of the hash, and neither costs a hit anything. Writes and removals carry the serial the volume gave them and arrive after the volume
/// knows of them; one that arrives late empties the key's place instead of filling it. And an object read from the volume is adopted only if
/// its group saw no write or removal since the read began.
final class MemoryTier: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var objects: [(any StoredObject)?] = []
    private var freeHandles: [S3FIFO.Handle] = []
    private var handles: [KeyHash: S3FIFO.Handle] = [:]
    private var policy: S3FIFO
    private var groups = [Group](repeating: Group(), count: groupCount)
    private var hits = 0
    private var evictions = 0

    private static let groupCount = 1024

    private struct Group {
        /// The highest serial that arrived.
        var serial: UInt64 = 0
        /// Counts writes and removals.
        var generation: UInt64 = 0
    }

    /// Objects larger than this share of the memory are not kept: one of them would push out everything else.
    let maxObjectBytes: Int

    init(capacityBytes: Int) {
        policy = S3FIFO(capacityBytes: capacityBytes)
        maxObjectBytes = capacityBytes / 8
    }

    /// The object with this hash; the caller compares the key.
    func object(for hash: KeyHash) -> (any StoredObject)? {
        lock.locked {
            guard let handle = handles[hash] else { return nil }
            policy.recordUse(handle)
            hits += 1
            return objects[Int(handle)]
        }
    }

    func contains(_ hash: KeyHash) -> Bool {
        lock.locked { handles[hash] != nil }
    }

    /// What a lookup that goes on to the volume needs: the object after all, or the generation to hand to ``adopt(_:generation:)``.
    func objectOrGeneration(for hash: KeyHash) -> (object: (any StoredObject)?, generation: UInt64) {
        lock.locked {
            let generation = groups[group(hash)].generation
            guard let handle = handles[hash] else { return (nil, generation) }
            policy.recordUse(handle)
            hits += 1
            return (objects[Int(handle)], generation)
        }
    }

    /// Keeps an object that was just written, in place of one with the same hash.
    /// - Parameter serial: What the volume gave the write. Nil where there is no volume: then the order of arrival is the order.
    /// - Returns: False when it is not kept: too large, or something newer of its key may have arrived before.
    @discardableResult
    func insert(_ object: any StoredObject, serial: UInt64?) -> Bool {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        // What leaves is released after the lock: freeing a large object takes time.
        var leaving: [any StoredObject] = []
        let kept = lock.locked {
            let isNewest = arrive(hash, serial)
            if let old = handles[hash] { leaving.append(detach(old, hash)) }
            return isNewest && place(object, hash, bytes, &leaving)
        }
        withExtendedLifetime(leaving) {}
        return kept
    }

    /// Keeps an object that was read from the volume, unless a write or a removal came in between or it is there already.
    @discardableResult
    func adopt(_ object: any StoredObject, generation: UInt64) -> Bool {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        var leaving: [any StoredObject] = []
        let kept = lock.locked {
            guard groups[group(hash)].generation == generation, handles[hash] == nil else { return false }
            return place(object, hash, bytes, &leaving)
        }
        withExtendedLifetime(leaving) {}
        return kept
    }

    /// Lets an object go.
    @discardableResult
    func remove(_ hash: KeyHash, serial: UInt64?) -> Bool {
        let removed = lock.locked {
            _ = arrive(hash, serial)
            return handles[hash].map { detach($0, hash) }
        }
        return removed != nil
    }

    var summary: (objects: Int, bytes: Int, hits: Int, evictions: Int) {
        lock.locked { (policy.count, policy.bytes, hits, evictions) }
    }

    private func group(_ hash: KeyHash) -> Int { Int(hash.high & UInt64(Self.groupCount - 1)) }

    /// A write or a removal arrives. False when a later one of its group was here before.
    private func arrive(_ hash: KeyHash, _ serial: UInt64?) -> Bool {
        let group = group(hash)
        groups[group].generation += 1
        guard let serial else { return true }
        guard serial > groups[group].serial else { return false }
        groups[group].serial = serial
        return true
    }

    private func place(_ object: any StoredObject, _ hash: KeyHash, _ bytes: Int, _ leaving: inout [any StoredObject]) -> Bool {
        guard bytes <= maxObjectBytes else { return false }
        let handle = freeHandles.popLast() ?? newHandle()
        objects[Int(handle)] = object
        handles[hash] = handle
        policy.insert(handle, hash: hash, bytes: bytes)
        while let evicted = policy.evictIfNeeded() {
            guard let object = objects[Int(evicted)] else { continue }
            leaving.append(object)
            handles[object.key.hash] = nil
            objects[Int(evicted)] = nil
            freeHandles.append(evicted)
            evictions += 1
        }
        // A large one may have been the first to go.
        return handles[hash] != nil
    }

    private func newHandle() -> S3FIFO.Handle {
        objects.append(nil)
        return S3FIFO.Handle(objects.count - 1)
    }

    private func detach(_ handle: S3FIFO.Handle, _ hash: KeyHash) -> any StoredObject {
        guard let object = objects[Int(handle)] else { preconditionFailure("a handle in the table has an object") }
        policy.remove(handle)
        handles[hash] = nil
        objects[Int(handle)] = nil
        freeHandles.append(handle)
        return object
    }
}
