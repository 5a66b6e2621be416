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
    /// By handle: not on the disk yet.
    private var isDirty: [Bool] = []
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

    /// An object that left memory to make room.
    struct Departure {
        var object: any StoredObject
        /// Hits in memory, up to 255.
        var uses: Int
        /// It was inserted as one that is not on the disk, and nobody said since that it is.
        var isDirty: Bool
    }

    /// What came of an insertion.
    struct Insertion {
        /// False when the object is not in memory: too large, or something newer of its key may have arrived before.
        var isKept: Bool
        /// What made room, and the object itself if it was the first to go. Whoever inserts decides what is written of it.
        var departures: [Departure] = []
    }

    /// Objects larger than this share of the memory are not kept: one of them would push out everything else.
    let maxObjectBytes: Int

    /// - Parameter smallShare: Share of the queue that new objects enter, see ``S3FIFO``.
    init(capacityBytes: Int, smallShare: Double = S3FIFO.usualSmallShare) {
        policy = S3FIFO(capacityBytes: capacityBytes, smallShare: smallShare)
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

    /// Keeps an object that was just fetched or written, in place of one with the same hash.
    /// - Parameters:
    ///   - serial: What the volume gave the write. Nil where there is no volume: then the order of arrival is the order.
    ///   - isDirty: It is not on the disk, and its departure may be the time to write it.
    @discardableResult
    func insert(_ object: any StoredObject, serial: UInt64?, isDirty: Bool = false) -> Insertion {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        // What leaves is released after the lock: freeing a large object takes time.
        var replaced: (any StoredObject)?
        let insertion = lock.locked {
            let isNewest = arrive(hash, serial)
            if let old = handles[hash] { replaced = detach(old, hash) }
            return isNewest ? place(object, hash, bytes, isDirty: isDirty) : Insertion(isKept: false)
        }
        withExtendedLifetime(replaced) {}
        return insertion
    }

    /// Keeps an object that was read from the volume, unless a write or a removal came in between or it is there already.
    @discardableResult
    func adopt(_ object: any StoredObject, generation: UInt64) -> Insertion {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        return lock.locked {
            guard groups[group(hash)].generation == generation, handles[hash] == nil else { return Insertion(isKept: false) }
            return place(object, hash, bytes, isDirty: false)
        }
    }

    /// An object is on the disk now. Nothing happens when it left memory or was replaced meanwhile.
    func markClean(_ object: any StoredObject) {
        lock.locked {
            guard let handle = handles[object.key.hash], objects[Int(handle)] === object else { return }
            isDirty[Int(handle)] = false
        }
    }

    /// Whether an object is in memory and not on the disk.
    func isDirty(_ hash: KeyHash) -> Bool {
        lock.locked { handles[hash].map { isDirty[Int($0)] } ?? false }
    }

    /// Everything that is not on the disk, for a clean stop. Cost: a pass over all objects under the lock.
    func dirtyObjects() -> [any StoredObject] {
        lock.locked { objects.indices.compactMap { isDirty[$0] ? objects[$0] : nil } }
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

    private func place(_ object: any StoredObject, _ hash: KeyHash, _ bytes: Int, isDirty dirty: Bool) -> Insertion {
        guard bytes <= maxObjectBytes else {
            return Insertion(isKept: false, departures: dirty ? [Departure(object: object, uses: 0, isDirty: true)] : [])
        }
        var departures: [Departure] = []
        let handle = freeHandles.popLast() ?? newHandle()
        objects[Int(handle)] = object
        isDirty[Int(handle)] = dirty
        handles[hash] = handle
        policy.insert(handle, hash: hash, bytes: bytes)
        while let gone = policy.evictIfNeeded() {
            let evicted = Int(gone.handle)
            guard let object = objects[evicted] else { continue }
            departures.append(Departure(object: object, uses: gone.uses, isDirty: isDirty[evicted]))
            handles[object.key.hash] = nil
            forget(gone.handle)
            evictions += 1
        }
        // A large one may have been the first to go.
        return Insertion(isKept: handles[hash] != nil, departures: departures)
    }

    private func forget(_ handle: S3FIFO.Handle) {
        objects[Int(handle)] = nil
        isDirty[Int(handle)] = false
        freeHandles.append(handle)
    }

    private func newHandle() -> S3FIFO.Handle {
        objects.append(nil)
        isDirty.append(false)
        return S3FIFO.Handle(objects.count - 1)
    }

    private func detach(_ handle: S3FIFO.Handle, _ hash: KeyHash) -> any StoredObject {
        guard let object = objects[Int(handle)] else { preconditionFailure("a handle in the table has an object") }
        policy.remove(handle)
        handles[hash] = nil
        forget(handle)
        return object
    }
}
