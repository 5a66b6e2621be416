// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Objects in memory, found by key hash. One lock; a hit is a table probe and a retain inside it.
final class MemoryTier: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var objects: [(any StoredObject)?] = []
    private var freeHandles: [S3FIFO.Handle] = []
    private var handles: [KeyHash: S3FIFO.Handle] = [:]
    private var policy: S3FIFO
    private var hits = 0
    private var evictions = 0

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

    /// Keeps an object, in place of one with the same hash. False: it is too large to be kept.
    @discardableResult
    func insert(_ object: any StoredObject) -> Bool {
        let bytes = object.memoryBytes
        let hash = object.key.hash
        // What leaves is released after the lock: freeing a large object takes time.
        var leaving: [any StoredObject] = []
        let kept = lock.locked {
            if let old = handles[hash] { leaving.append(detach(old, hash)) }
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
            return true
        }
        withExtendedLifetime(leaving) {}
        return kept
    }

    /// Lets an object go.
    @discardableResult
    func remove(_ hash: KeyHash) -> Bool {
        let removed = lock.locked { handles[hash].map { detach($0, hash) } }
        return removed != nil
    }

    var summary: (objects: Int, bytes: Int, hits: Int, evictions: Int) {
        lock.locked { (policy.count, policy.bytes, hits, evictions) }
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
