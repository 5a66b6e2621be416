// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Stores one object whose length need not be known: bytes come in pieces, and it becomes one record, or fragments and a head.
///
/// Until ``finish(metadata:)`` nothing of it can be found. Not thread-safe: one owner at a time.
///
/// When the volume has no room for a moment the writer is blocked: the owner stops bringing bytes, and calls ``resume()`` when
/// ``CyclicStore/whenRoom(_:)`` tells. Memory: one fragment, three when blocked.
public final class ObjectWriter {
    /// Why a writer gave up; what was stored so far is unreachable and will be overwritten.
    public enum Failure: Error, Sendable, Equatable {
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
    private var fragmentsMade = 0
    /// Made and refused for want of room, in order.
    private var pending: [any StoredObject] = []
    private static let maxPending = 2
    private var objectID: VolumeID?
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
            if expectedBytes > self.maxBytes { failure = .tooLarge }
            reserve(min(expectedBytes, store.fragmentBytes))
        }
    }

    /// Takes a copy of the next bytes.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
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
        guard failure == nil else { return }
        while let object = pending.first {
            switch store.put(object) {
            case nil:
                pending.removeFirst()
            case .noMembuf, .noCleanStripe:
                return
            case let refusal?:
                return fail(.refused(refusal))
            }
        }
    }

    /// Ends the object and makes it findable, in place of an older one with the same key, as soon as there is room: at once unless
    /// ``isBlocked`` afterwards.
    public func finish(metadata: [UInt8]) {
        guard failure == nil else { return }
        let image: RecordImage
        if let objectID {
            storeFragment()
            guard failure == nil else { return }
            let map = FragmentMap(objectID: objectID, totalBytes: UInt64(byteCount), fragmentBytes: store.fragmentBytes)
            image = RecordImage(kind: .fragmentedHead, key: key, metadata: metadata, payload: map.encode())
        } else {
            image = RecordImage(kind: .object, key: key, metadata: metadata, payload: takeBuffer())
        }
        guard let object = store.factory.makeObject(image) else { return fail(.refused(.closed)) }
        pending.append(object)
        resume()
    }

    /// Gives up. Nothing was findable and nothing will be.
    public func abort() {
        if failure == nil { fail(.refused(.closed)) }
    }

    private func fail(_ failure: Failure) {
        self.failure = failure
        pending = []
        buffer = nil
        buffered = 0
        bufferCapacity = 0
    }

    private func storeFragment() {
        guard buffered > 0 else { return }
        let id = objectID ?? store.newObjectID()
        objectID = id
        let fragmentKey = store.key(FragmentMap.keyBytes(objectID: id, fragment: fragmentsMade))
        let image = RecordImage(kind: .fragment, key: fragmentKey, metadata: [], payload: takeBuffer())
        guard let object = store.factory.makeObject(image) else { return fail(.refused(.closed)) }
        fragmentsMade += 1
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
