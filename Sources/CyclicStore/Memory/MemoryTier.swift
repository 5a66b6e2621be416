// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Objects in memory, found by key hash. One lock; a hit is a table probe and a retain inside it.
///
/// The tier never holds an older state of a key than the volume. Two things guard that, both kept for groups of keys that share a few bits
/// of the hash, and neither costs a hit anything. Writes and removals carry the serial the volume gave them and arrive after the volume
/// knows of them; one that arrives late empties the key's place instead of filling it. And an object read from the volume is adopted only if
/// its group saw no write or removal since the read began.
///
/// An object that no volume has is dirty. When it leaves the queues it is handed out as ``Outgoing``, and is found until whoever has it says
/// that it is written or given up. Before anything newer of the key reaches the volume, ``supersede(_:)`` takes it out of both places.
final class MemoryTier: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var slots: [Slot] = []
    private var freeHandles: [S3FIFO.Handle] = []
    private var handles: [KeyHash: S3FIFO.Handle] = [:]
    private var policy: S3FIFO
    private var groups = [Group](repeating: Group(), count: groupCount)
    private var outgoing: [KeyHash: Outgoing] = [:]
    private var dirtyMembers: [UInt32: [KeyHash]] = [:]
    private var hits = 0
    private var evictions = 0

    private static let groupCount = 1024

    private struct Slot {
        var object: (any StoredObject)?
        var serial: UInt64 = 0
        /// Purges up to this serial have been looked at.
        var checked: UInt64 = 0
        /// Its locality group, while it is dirty.
        var group: UInt32 = 0
        /// A soft purge matched it.
        var isStale = false
        /// No volume has it.
        var isDirty = false
    }

    private struct Group {
        /// The highest serial that arrived.
        var serial: UInt64 = 0
        /// Counts writes and removals.
        var generation: UInt64 = 0
    }

    /// Objects larger than this share of the memory are not kept: one of them would push out everything else.
    let maxObjectBytes: Int

    /// - Parameter smallShare: See ``S3FIFO``.
    init(capacityBytes: Int, smallShare: Double = S3FIFO.usualSmallShare) {
        policy = S3FIFO(capacityBytes: capacityBytes, smallShare: smallShare)
        maxObjectBytes = capacityBytes / 8
    }

    // MARK: Finding

    /// The object with this hash, if it needs no second look; the caller compares the key.
    /// - Parameter newestPurge: What was stored or checked before it may have been purged.
    func object(for hash: KeyHash, newestPurge: UInt64) -> (any StoredObject)? {
        lock.locked {
            guard let handle = handles[hash] else { return nil }
            let slot = Int(handle)
            guard slots[slot].checked >= newestPurge, !slots[slot].isStale else { return nil }
            policy.recordUse(handle)
            hits += 1
            return slots[slot].object
        }
    }

    /// Whether something is there; a purge may have taken it.
    func contains(_ hash: KeyHash) -> Bool {
        lock.locked { handles[hash] != nil || outgoing[hash] != nil }
    }

    /// What a lookup finds.
    enum Found {
        case object(any StoredObject, isStale: Bool)
        /// There have been purges since it was looked at last: they must be asked, and the answer given to ``settle(_:_:checked:)``.
        case unchecked(any StoredObject, checked: UInt64, isStale: Bool)
        /// Nothing. The number goes with what is read from the volume: see ``adopt(_:serial:checked:isStale:generation:)``.
        case nothing(generation: UInt64)
    }

    func find(_ key: StoreKey, newestPurge: UInt64) -> Found {
        lock.locked {
            let hash = key.hash
            if let handle = handles[hash], let object = slots[Int(handle)].object, object.key == key {
                policy.recordUse(handle)
                hits += 1
                let slot = slots[Int(handle)]
                if slot.checked >= newestPurge { return .object(object, isStale: slot.isStale) }
                return .unchecked(object, checked: slot.checked, isStale: slot.isStale)
            }
            if !outgoing.isEmpty, let leaving = outgoing[hash], leaving.object.key == key {
                hits += 1
                return leaving.serial >= newestPurge
                    ? .object(leaving.object, isStale: false) : .unchecked(leaving.object, checked: leaving.serial, isStale: false)
            }
            return .nothing(generation: groups[group(hash)].generation)
        }
    }

    /// What goes with a read of the volume that begins now: see ``adopt(_:serial:checked:isStale:generation:)``.
    func generation(of hash: KeyHash) -> UInt64 { lock.locked { groups[group(hash)].generation } }

    /// What the purges say about an object that was found.
    func settle(_ object: any StoredObject, _ verdict: PurgeVerdict, checked: UInt64) {
        let hash = object.key.hash
        let gone = lock.locked { () -> (any StoredObject)? in
            if verdict == .gone, let leaving = outgoing[hash], leaving.object === object {
                leaving.cancel()
                outgoing[hash] = nil
            }
            guard let handle = handles[hash], slots[Int(handle)].object === object else { return nil }
            if verdict == .gone { return detach(handle, hash) }
            slots[Int(handle)].checked = max(slots[Int(handle)].checked, checked)
            if verdict == .stale { slots[Int(handle)].isStale = true }
            return nil
        }
        withExtendedLifetime(gone) {}
    }

    // MARK: Keeping

    /// What left to make room: objects that a volume has, with their hits, and those that none has.
    struct Left {
        var isKept = false
        var clean: [(hash: KeyHash, uses: Int)] = []
        var dirty: [Outgoing] = []
        /// The object itself, when it was asked to wait for its group.
        var staged: Outgoing?
        /// Released by whoever lets this go, off the lock: freeing a large object takes time.
        fileprivate var released: [any StoredObject] = []
    }

    /// Whether a volume has an object.
    enum State {
        /// One has.
        case clean
        /// None has: what becomes of it is decided when it leaves.
        case dirty
        /// None has yet: it is found until it is written with its group, whatever becomes of it in the queues.
        case staged
    }

    /// Keeps an object that was just written, in place of one with the same hash.
    /// - Parameters:
    ///   - serial: What the volume gave the write. Nil where there is no volume: then the order of arrival is the order.
    ///   - checked: Purges up to here are known not to match.
    ///   - state: Whether a volume has it. A dirty one that cannot be kept is handed back as one that leaves, unless something newer came
    ///     before.
    @discardableResult
    func insert(
        _ object: any StoredObject,
        serial: UInt64?,
        checked: UInt64? = nil,
        _ state: State = .clean,
        group: UInt32 = 0
    ) -> Left {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        var left = Left()
        lock.locked {
            let isNewest = arrive(hash, serial)
            if let old = handles[hash] { left.released.append(detach(old, hash)) }
            if let leaving = outgoing.removeValue(forKey: hash) { leaving.cancel() }
            guard isNewest else { return }
            let serial = serial ?? checked ?? 0
            let slot = Slot(object: object, serial: serial, checked: checked ?? serial, group: group, isDirty: state == .dirty)
            left.isKept = place(slot, hash, bytes, &left)
            if state == .dirty, bytes > maxObjectBytes { send(slot, object, uses: 0, &left) }
            if state == .staged {
                let staged = Outgoing(object, serial: serial, uses: 0, group: group)
                outgoing[hash] = staged
                left.staged = staged
            }
        }
        return left
    }

    /// Keeps an object that was read from the volume, unless a write or a removal came in between or it is there already.
    func adopt(_ object: any StoredObject, serial: UInt64, checked: UInt64, isStale: Bool, generation: UInt64) -> Left {
        let (hash, bytes) = (object.key.hash, object.memoryBytes)
        var left = Left()
        lock.locked {
            guard groups[group(hash)].generation == generation, handles[hash] == nil, outgoing[hash] == nil else { return }
            left.isKept = place(Slot(object: object, serial: serial, checked: checked, isStale: isStale), hash, bytes, &left)
        }
        return left
    }

    /// Lets an object go.
    @discardableResult
    func remove(_ hash: KeyHash, serial: UInt64?) -> Bool {
        let removed = lock.locked { () -> (Bool, (any StoredObject)?) in
            _ = arrive(hash, serial)
            let leaving = outgoing.removeValue(forKey: hash)
            leaving?.cancel()
            let object = handles[hash].map { detach($0, hash) }
            return (object != nil || leaving != nil, object)
        }
        return removed.0
    }

    // MARK: On the way to a volume

    /// Something newer of the key is about to reach the volume: what is dirty, or on its way, must not be written after it.
    /// - Returns: Whether there was any such thing.
    @discardableResult
    func supersede(_ hash: KeyHash) -> Bool {
        let old = lock.locked { () -> (leaving: Outgoing?, object: (any StoredObject)?) in
            let leaving = outgoing.removeValue(forKey: hash)
            leaving?.cancel()
            guard let handle = handles[hash], slots[Int(handle)].isDirty else { return (leaving, nil) }
            return (leaving, detach(handle, hash))
        }
        return old.leaving != nil || old.object != nil
    }

    /// Objects have been written, or given up.
    func sent(_ leaving: [Outgoing]) {
        lock.locked {
            for one in leaving where outgoing[one.hash] === one { outgoing[one.hash] = nil }
        }
    }

    /// The dirty members of a group, up to a sum of bytes. They count as written from now on.
    func takeDirty(group: UInt32, maxBytes: Int) -> [Outgoing] {
        lock.locked {
            var taken: [Outgoing] = []
            var bytes = 0
            for hash in dirtyMembers[group] ?? [] {
                guard let handle = handles[hash], let object = slots[Int(handle)].object else { continue }
                bytes += object.payloadByteCount + object.metadataByteCount
                if bytes > maxBytes { break }
                taken.append(takeDirty(handle, object))
            }
            return taken
        }
    }

    /// Every dirty object, for a stop.
    func takeAllDirty() -> [Outgoing] {
        lock.locked {
            var taken: [Outgoing] = []
            for handle in slots.indices where slots[handle].isDirty {
                if let object = slots[handle].object { taken.append(takeDirty(S3FIFO.Handle(handle), object)) }
            }
            return taken
        }
    }

    private func takeDirty(_ handle: S3FIFO.Handle, _ object: any StoredObject) -> Outgoing {
        let slot = slots[Int(handle)]
        let leaving = Outgoing(object, serial: slot.serial, uses: policy.uses(handle), group: slot.group)
        clean(handle, leaving.hash)
        outgoing[leaving.hash] = leaving
        return leaving
    }

    // MARK: Numbers

    var summary: (objects: Int, bytes: Int, hits: Int, evictions: Int, dirty: Int) {
        lock.locked { (policy.count, policy.bytes, hits, evictions, slots.count { $0.isDirty } + outgoing.count) }
    }

    // MARK: Under the lock

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

    private func place(_ slot: Slot, _ hash: KeyHash, _ bytes: Int, _ left: inout Left) -> Bool {
        guard bytes <= maxObjectBytes else { return false }
        let handle = freeHandles.popLast() ?? newHandle()
        slots[Int(handle)] = slot
        handles[hash] = handle
        if slot.isDirty, slot.group != 0 { dirtyMembers[slot.group, default: []].append(hash) }
        policy.insert(handle, hash: hash, bytes: bytes)
        while let departure = policy.evictIfNeeded() {
            let leaving = slots[Int(departure.handle)]
            guard let object = leaving.object else { continue }
            if leaving.isDirty {
                send(leaving, object, uses: departure.uses, &left)
            } else {
                if departure.uses > 0 { left.clean.append((object.key.hash, departure.uses)) }
                left.released.append(object)
            }
            drop(departure.handle, object.key.hash)
            evictions += 1
        }
        // A large one may have been the first to go.
        return handles[hash] != nil
    }

    private func send(_ slot: Slot, _ object: any StoredObject, uses: Int, _ left: inout Left) {
        let leaving = Outgoing(object, serial: slot.serial, uses: uses, group: slot.group)
        outgoing[leaving.hash] = leaving
        left.dirty.append(leaving)
    }

    private func newHandle() -> S3FIFO.Handle {
        slots.append(Slot())
        return S3FIFO.Handle(slots.count - 1)
    }

    private func detach(_ handle: S3FIFO.Handle, _ hash: KeyHash) -> any StoredObject {
        guard let object = slots[Int(handle)].object else { preconditionFailure("a handle in the table has an object") }
        policy.remove(handle)
        drop(handle, hash)
        return object
    }

    private func drop(_ handle: S3FIFO.Handle, _ hash: KeyHash) {
        clean(handle, hash)
        handles[hash] = nil
        slots[Int(handle)] = Slot()
        freeHandles.append(handle)
    }

    private func clean(_ handle: S3FIFO.Handle, _ hash: KeyHash) {
        let group = slots[Int(handle)].group
        if slots[Int(handle)].isDirty, group != 0, var members = dirtyMembers[group] {
            members.removeAll { $0 == hash }
            dirtyMembers[group] = members.isEmpty ? nil : members
        }
        slots[Int(handle)].isDirty = false
    }
}
