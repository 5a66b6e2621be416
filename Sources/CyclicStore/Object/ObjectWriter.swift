// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Stores one object whose length need not be known: bytes come in pieces, and it becomes one record, or fragments and a head.
///
/// Until ``finish(metadata:tags:group:)`` nothing of it can be found; a writer that fails, is aborted or dropped leaves nothing behind. A part of an
/// object of known length can be stored too, as a partial object or to complete one.
/// Not thread-safe: one owner at a time.
///
/// When the volume has no room for a moment the writer is blocked: the owner stops bringing bytes, and calls ``resume()`` when
/// ``whenRoom(_:)`` tells. Memory: one fragment, three when blocked.
public final class ObjectWriter {
    /// Why a writer gave up; what was stored so far has been removed.
    public enum Failure: Error, Sendable, Equatable {
        /// The owner gave up.
        case aborted
        /// The factory made no object of it.
        case unusable
        /// Longer than ``CyclicStore/maxObjectBytes`` or the caller's limit, or past the end of the object it is a part of.
        case tooLarge
        /// A part that covers no fragment whole.
        case tooSmall
        /// The volume took no more.
        case refused(RefusedWrite)
    }

    /// The object's key.
    public let key: StoreKey
    private let store: CyclicStore
    private let maxBytes: Int
    private let expectedBytes: Int?
    /// What is purged later than this may be what the writer brings.
    private let beganAt: UInt64
    private var tags: [UInt64] = []
    private var group: UInt64?
    private var buffer: OwnedBytes?
    private var buffered = 0
    private var bufferCapacity = 0
    /// Fragments made by this writer, whether or not the volume has taken them yet.
    private var made: Range<Int>
    private(set) var objectID: VolumeID?
    /// For a part of an object: how the whole is cut.
    private let part: Part?
    /// Bytes to leave out until a fragment begins.
    private var skips = 0
    private var isFinished = false
    private var roomWait: RoomWait?
    /// Made and refused for want of room, in order.
    private var pending: [any StoredObject] = []
    private static let maxPending = 2
    /// Payload bytes taken so far.
    public private(set) var byteCount = 0
    /// What is known of the object's use: its records are written with it.
    private var uses = UseClass.none
    /// Set once nothing more can be stored; every later call does nothing.
    public private(set) var failure: Failure?

    /// A writer for one object.
    /// - Parameters:
    ///   - store: Where it goes.
    ///   - key: What it is called.
    ///   - expectedBytes: The length if it is known: saves growing, refuses too large ones at once.
    ///   - maxBytes: A limit of the caller's below the store's own.
    public init(store: CyclicStore, key: StoreKey, expectedBytes: Int? = nil, maxBytes: Int = .max) {
        self.store = store
        self.key = key
        self.maxBytes = min(maxBytes, store.maxObjectBytes)
        self.expectedBytes = expectedBytes
        beganAt = store.serials.latest
        made = 0..<0
        part = nil
        if let expectedBytes {
            if expectedBytes > self.maxBytes { failure = .tooLarge } else { reserve(min(expectedBytes, store.fragmentBytes)) }
        }
    }

    private struct Part {
        var map: FragmentMap
        /// The object has no head yet.
        var isNew: Bool
    }

    /// A writer for a part of an object that is not there yet; what it stores is a partial object. Only fragments that the bytes cover
    /// whole are kept: see ``FragmentMap/aligned(_:)``.
    /// - Parameters:
    ///   - store: Where it goes.
    ///   - key: What the whole object is called.
    ///   - totalBytes: Length of the whole object.
    ///   - offset: Where in it the bytes begin.
    public convenience init(store: CyclicStore, key: StoreKey, totalBytes: UInt64, from offset: UInt64) {
        let map = FragmentMap(objectID: store.newObjectID(), totalBytes: totalBytes, fragmentBytes: store.fragmentBytes)
        self.init(store, key, Part(map: map, isNew: true), offset)
    }

    /// A writer for missing bytes of an object that is there in part. They must be of the same content: that is the caller's knowledge.
    /// Each fragment is found as soon as it is whole, and stays when the writer is aborted. End with ``finish()``.
    /// - Parameters:
    ///   - store: Where the object is.
    ///   - key: What it is called.
    ///   - map: From the object's head.
    ///   - offset: Where in the object the bytes begin.
    public convenience init(store: CyclicStore, key: StoreKey, completing map: FragmentMap, from offset: UInt64) {
        self.init(store, key, Part(map: map, isNew: false), offset)
    }

    private init(_ store: CyclicStore, _ key: StoreKey, _ part: Part, _ offset: UInt64) {
        self.store = store
        self.key = key
        self.part = part
        expectedBytes = nil
        beganAt = store.serials.latest
        objectID = part.map.objectID
        let size = UInt64(part.map.fragmentBytes)
        let first = Int((min(offset, part.map.totalBytes) + size - 1) / size)
        made = first..<first
        skips = Int(min(UInt64(first) * size, part.map.totalBytes) - min(offset, part.map.totalBytes))
        maxBytes = Int(clamping: part.map.totalBytes - min(offset, part.map.totalBytes))
        if part.map.totalBytes > UInt64(store.maxObjectBytes) || maxBytes == 0 { failure = .tooLarge }
    }

    deinit { abort() }

    /// Takes a copy of the next bytes.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, !isFinished else { return }
        byteCount += bytes.count
        guard byteCount <= maxBytes else { return fail(.tooLarge) }
        let skipped = min(skips, bytes.count)
        skips -= skipped
        var rest = bytes.part(skipped, bytes.count - skipped)
        while rest.count > 0, failure == nil {
            if buffered == roomInFragment { storeFragment() }
            let count = min(rest.count, roomInFragment - buffered)
            reserve(buffered + count)
            buffer?.withRegion { $0.part(buffered, count).copyMemory(from: rest.part(0, count)) }
            buffered += count
            rest = rest.part(count, rest.count - count)
            // A whole object waits for more: it may turn out to fit in one record.
            if part != nil, buffered == roomInFragment { storeFragment() }
        }
    }

    /// Length of the whole object, as far as that is known.
    private var knownBytes: Int { part.map { Int(clamping: $0.map.totalBytes) } ?? expectedBytes ?? byteCount }

    /// Length of the fragment that is being filled.
    private var roomInFragment: Int { part?.map.range(of: made.upperBound).count ?? store.fragmentBytes }

    /// Bytes of a whole object that can be read back from fragments; nil when it will not be stored.
    var storedBytes: Int? {
        failure == nil && part == nil ? (made.count - pending.count { $0.kind == .fragment }) * store.fragmentBytes : nil
    }

    /// Whether the volume must have room before more bytes are brought.
    public var isBlocked: Bool { failure == nil && !pending.isEmpty }

    /// Calls back once, on any thread, when it is time to ``resume()``. False: it is time now. Ends with the writer.
    public func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        guard let next = pending.first else { return false }
        roomWait?.cancel()
        roomWait = store.whenRoom(for: next.key, callback)
        return roomWait != nil
    }

    /// Tries again what was refused. After this look at ``isBlocked`` and ``failure``.
    public func resume() {
        while failure == nil, let object = pending.first {
            if object.kind != .fragment, !store.isCurrent(key, tags: tags, since: beganAt) { return fail(.refused(.purged)) }
            let part = Volume.KnownUse(priorUses: uses, objectSize: ObjectSize(ofPartOf: knownBytes))
            switch store.put(object, group: object.kind == .fragment ? nil : group, part: part) {
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
    ///
    /// An object that was purged since the writer was made is not stored: what the purge was about may be what the writer brought.
    /// - Parameters:
    ///   - metadata: What is kept beside the bytes.
    ///   - tags: See ``StoredObject/tags``.
    ///   - group: See ``CyclicStore/put(_:group:)``.
    public func finish(metadata: [UInt8], tags: [UInt64] = [], group: UInt64? = nil) {
        guard failure == nil, !isFinished else { return }
        self.tags = tags
        self.group = group
        let image: RecordImage
        if let part {
            guard part.isNew else { return finish() }
            guard !made.isEmpty else { return fail(.tooSmall) }
            dropRest()
            image = RecordImage(kind: .fragmentedHead, key: key, metadata: metadata, payload: part.map.encode(), tags: tags)
        } else if let objectID {
            storeFragment()
            guard failure == nil else { return }
            let map = FragmentMap(objectID: objectID, totalBytes: UInt64(byteCount), fragmentBytes: store.fragmentBytes)
            image = RecordImage(kind: .fragmentedHead, key: key, metadata: metadata, payload: map.encode(), tags: tags)
        } else {
            image = RecordImage(kind: .object, key: key, metadata: metadata, payload: takeBuffer(), tags: tags)
        }
        guard let object = store.factory.makeObject(image) else { return fail(.unusable) }
        isFinished = true
        pending.append(object)
        resume()
    }

    /// Ends a part that completes an object. The head stays as it is.
    public func finish() {
        guard failure == nil, !isFinished, let part, !part.isNew else { return }
        dropRest()
        isFinished = true
        resume()
    }

    /// Gives up what is not yet findable, also a finished object that still waits for room.
    public func abort() {
        if failure == nil, !isFinished || !pending.isEmpty { fail(.aborted) }
    }

    private func fail(_ failure: Failure) {
        self.failure = failure
        pending = []
        dropRest()
        roomWait?.cancel()
        roomWait = nil
        guard let objectID, part?.isNew ?? true else { return }
        for fragment in made { store.remove(store.key(FragmentMap.keyBytes(objectID: objectID, fragment: fragment))) }
        made = 0..<0
    }

    private func dropRest() {
        buffer = nil
        buffered = 0
        bufferCapacity = 0
    }

    private func storeFragment() {
        guard buffered > 0 else { return }
        // The first one of a new object: it is written as it comes, or not at all.
        if made.isEmpty, part?.isNew ?? true {
            guard let uses = store.admission(of: key, bytes: knownBytes) else { return fail(.refused(.notAdmitted)) }
            self.uses = uses
        }
        let id = objectID ?? store.newObjectID()
        objectID = id
        let fragmentKey = store.key(FragmentMap.keyBytes(objectID: id, fragment: made.upperBound))
        let image = RecordImage(kind: .fragment, key: fragmentKey, metadata: [], payload: takeBuffer())
        guard let object = store.factory.makeObject(image) else { return fail(.unusable) }
        // Counted first: a fragment that the volume refused may be in memory, and a failure removes it.
        made = made.lowerBound..<made.upperBound + 1
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
        let capacity = min(roomInFragment, max(wanted, bufferCapacity * 2))
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
