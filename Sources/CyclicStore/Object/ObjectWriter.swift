// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Stores one object whose length need not be known: bytes come in pieces, and it becomes one record, or fragments and a head.
///
/// Until ``finish(metadata:)`` nothing of it can be found; a writer that fails, is aborted or dropped leaves nothing behind.
/// Not thread-safe: one owner at a time.
///
/// When the volume has no room for a moment the writer is blocked: the owner stops bringing bytes, and calls ``resume()`` when
/// ``CyclicStore/whenRoom(_:)`` tells. Memory: one fragment, three when blocked.
public final class ObjectWriter {
    /// Why a writer gave up; what was stored so far has been removed.
    public enum Failure: Error, Sendable, Equatable {
        /// The owner gave up.
        case aborted
        /// The factory made no object of it.
        case unusable
        /// Longer than ``CyclicStore/maxObjectBytes`` or the caller's limit.
        case tooLarge
        /// The volume took no more.
        case refused(RefusedWrite)
    }

    /// The object's key.
    public let key: StoreKey
    private let store: CyclicStore
    private let maxBytes: Int
    private var buffer: OwnedBytes?
    private var buffered = 0
    private var bufferCapacity = 0
    private var fragmentsStored = 0
    private var objectID: VolumeID?
    private var isFinished = false
    /// Made and refused for want of room, in order.
    private var pending: [any StoredObject] = []
    private static let maxPending = 2
    /// Payload bytes taken so far.
    public private(set) var byteCount = 0
    /// Set once nothing more can be stored; every later call does nothing.
    public private(set) var failure: Failure?

    /// A writer for one object.
    /// - Parameters:
    ///   - expectedBytes: The length if it is known: saves growing, refuses too large ones at once.
    ///   - maxBytes: A limit of the caller's below the store's own.
    public init(store: CyclicStore, key: StoreKey, expectedBytes: Int? = nil, maxBytes: Int = .max) {
        self.store = store
        self.key = key
        self.maxBytes = min(maxBytes, store.maxObjectBytes)
        if let expectedBytes {
            if expectedBytes > self.maxBytes { failure = .tooLarge } else { reserve(min(expectedBytes, store.fragmentBytes)) }
        }
    }

    deinit { abort() }

    /// Takes a copy of the next bytes.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !isFinished else { return }
        byteCount += bytes.count
        guard byteCount <= maxBytes else { return fail(.tooLarge) }
        var rest = bytes
        while rest.count > 0, failure == nil {
            if buffered == store.fragmentBytes { storeFragment() }
            let count = min(rest.count, store.fragmentBytes - buffered)
            reserve(buffered + count)
            buffer?.withRegion { $0.part(buffered, count).copyMemory(from: rest.part(0, count)) }
            buffered += count
            rest = rest.part(count, rest.count - count)
        }
    }

    /// Whether the volume must have room before more bytes are brought.
    public var isBlocked: Bool { failure == nil && !pending.isEmpty }

    /// Tries again what was refused. After this look at ``isBlocked`` and ``failure``.
    public func resume() {
        while failure == nil, let object = pending.first {
            switch store.put(object) {
            case nil:
                pending.removeFirst()
            case .noMembuf, .noCleanStripe:
                return
            case let refusal?:
                // An object in one record may be served from memory all the same.
                if isFinished, objectID == nil, store.memory.contains(key.hash) {
                    pending = []
                    failure = .refused(refusal)
                } else {
                    fail(.refused(refusal))
                }
            }
        }
    }

    /// Ends the object and makes it findable, in place of an older one with the same key, as soon as there is room: at once unless
    /// ``isBlocked`` afterwards. With a ``failure`` the volume has not got it; an object of one record may be in memory alone.
    public func finish(metadata: [UInt8]) {
        guard failure == nil, !isFinished else { return }
        let image: RecordImage
        if let objectID {
            storeFragment()
            guard failure == nil else { return }
            let map = FragmentMap(objectID: objectID, totalBytes: UInt64(byteCount), fragmentBytes: store.fragmentBytes)
            image = RecordImage(kind: .fragmentedHead, key: key, metadata: metadata, payload: map.encode())
        } else {
            image = RecordImage(kind: .object, key: key, metadata: metadata, payload: takeBuffer())
        }
        guard let object = store.factory.makeObject(image) else { return fail(.unusable) }
        isFinished = true
        pending.append(object)
        resume()
    }

    /// Gives up what is not yet findable, also a finished object that still waits for room.
    public func abort() {
        if failure == nil, !isFinished || !pending.isEmpty { fail(.aborted) }
    }

    private func fail(_ failure: Failure) {
        self.failure = failure
        pending = []
        buffer = nil
        buffered = 0
        bufferCapacity = 0
        guard let objectID else { return }
        for fragment in 0..<fragmentsStored { store.remove(store.key(FragmentMap.keyBytes(objectID: objectID, fragment: fragment))) }
        fragmentsStored = 0
    }

    private func storeFragment() {
        guard buffered > 0 else { return }
        let id = objectID ?? store.newObjectID()
        objectID = id
        let fragmentKey = store.key(FragmentMap.keyBytes(objectID: id, fragment: fragmentsStored))
        let image = RecordImage(kind: .fragment, key: fragmentKey, metadata: [], payload: takeBuffer())
        guard let object = store.factory.makeObject(image) else { return fail(.unusable) }
        // Counted first: a fragment that the volume refused may be in memory, and a failure removes it.
        fragmentsStored += 1
        pending.append(object)
        resume()
        if pending.count > Self.maxPending { fail(.refused(.noMembuf)) }
    }

    private func takeBuffer() -> OwnedBytes {
        var bytes = buffer.take() ?? OwnedBytes(capacity: 0)
        bytes.narrow(to: 0..<buffered)
        buffered = 0
        bufferCapacity = 0
        return bytes
    }

    private func reserve(_ wanted: Int) {
        guard wanted > bufferCapacity else { return }
        let capacity = min(store.fragmentBytes, max(wanted, bufferCapacity * 2))
        var larger = OwnedBytes(capacity: capacity)
        if let old = buffer.take() {
            old.withBytes { source in
                larger.withRegion { $0.part(0, buffered).copyMemory(from: source.part(0, buffered)) }
            }
        }
        buffer = consume larger
        bufferCapacity = capacity
    }
}
