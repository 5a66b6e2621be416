// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CyclicStore
package import HTTPCaching
import HTTPTypes
import HTTPWire
@_spi(CustomByteBufferAllocator) package import NIOCore
import Synchronization

/// A stored response as the proxy holds it: its head serialised once, its body ready to be written. The head of one that came from the disk is
/// decoded when somebody asks for more than a plain hit needs.
package final class CachedResponse: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init but for what `decoded` guards; ByteBuffers are copied before they are read.
    package let kind: RecordKind
    package let key: StoreKey
    let status: Int
    let requestTime: Timestamp
    package let profile: HitProfile
    private let decoded: Mutex<Decoded?>
    /// The whole body, unless it lies in fragments.
    let body: ByteBuffer
    /// How the body is cut, when it is.
    let fragments: FragmentMap?
    /// Status line and fields of a full answer, with `Content-Length` and `Via`, without what changes from answer to answer.
    let headBytes: ByteBuffer
    /// For purges; see ``PurgeSubject/storeTags(of:primaryKey:_:)``.
    package let tags: [UInt64]
    private let metadata: [UInt8]
    /// The number of purge marks up to which it is known to be current.
    private let checkedMarks = Atomic<UInt64>(0)

    /// What the metadata says, in values. A class: most responses in memory are served without it, and should not have the room for it.
    private final class Decoded: Sendable {
        let head: StoredHead
        /// Under which it can be purged together with others.
        let purgeTags: [[UInt8]]

        init(_ head: StoredHead, _ key: StoreKey) {
            self.head = head
            purgeTags = PurgeSubject.tags(of: head, primaryKey: key.bytes)
        }
    }

    /// A response whose head is at hand.
    package convenience init?(key: StoreKey, head: StoredHead, payload: ByteBuffer) {
        self.init(kind: .object, key: key, metadata: StoredMetadata.encode(head), head: head, payload: payload, tags: [])
    }

    /// A response whose head and its encoded form are at hand.
    convenience init?(kind: RecordKind, key: StoreKey, metadata: [UInt8], head: StoredHead, payload: ByteBuffer, tags: [UInt64]) {
        guard let encoded = StoredMetadata.encodedHead(metadata) else { return nil }
        self.init(kind, key, metadata, encoded, Decoded(head, key), payload, tags)
    }

    /// A response from its record. Nil when the record holds none.
    convenience init?(kind: RecordKind, key: StoreKey, metadata: [UInt8], payload: ByteBuffer, tags: [UInt64]) {
        guard let head = StoredMetadata.encodedHead(metadata) else { return nil }
        self.init(kind, key, metadata, head, nil, payload, tags)
    }

    /// Nil is returned when the length is not that of the payload.
    private init?(
        _ kind: RecordKind,
        _ key: StoreKey,
        _ metadata: [UInt8],
        _ head: EncodedHead,
        _ decoded: Decoded?,
        _ payload: ByteBuffer,
        _ tags: [UInt64]
    ) {
        if kind == .fragmentedHead {
            guard let map = payload.withUnsafeReadableBytes({ FragmentMap(decoding: $0) }), head.bodyByteCount == map.totalBytes else {
                return nil
            }
            fragments = map
        } else {
            guard head.bodyByteCount == UInt64(payload.readableBytes) else { return nil }
            fragments = nil
        }
        self.kind = kind
        self.key = key
        self.metadata = metadata
        self.tags = tags
        (status, requestTime, profile) = (head.status, head.requestTime, head.profile)
        self.decoded = Mutex(decoded)
        body = payload
        // A 204 has no length (RFC 9110 §8.6).
        headBytes = ResponseHeadWriter.storedHead(head, metadata, contentLength: head.status == 204 ? nil : head.bodyByteCount)
    }

    /// The head. The first time for one from the disk: a walk over its fields.
    var head: StoredHead { values.head }
    /// Under which it can be purged together with others.
    var purgeTags: [[UInt8]] { values.purgeTags }

    private var values: Decoded {
        decoded.withLock { decoded in
            if let decoded { return decoded }
            guard let head = StoredMetadata.head(metadata) else { preconditionFailure("checked when the record was read") }
            let values = Decoded(head, key)
            decoded = values
            return values
        }
    }

    /// The answer to a HEAD, which has a head alone.
    convenience init?(answerToHead head: StoredHead, key: StoreKey, tags: [UInt64]) {
        var head = head
        head.rules.insert(.headOnly)
        head.bodyByteCount = nil
        guard head.complete(bodyByteCount: 0) else { return nil }
        self.init(kind: .object, key: key, metadata: StoredMetadata.encode(head), head: head, payload: ByteBuffer(), tags: tags)
    }

    /// Whether no purge has come since the response was asked for. Two loads, unless there are new marks. For responses that do not vary.
    func isCurrent(by marks: PurgeMarks) -> Bool {
        let version = marks.version
        if checkedMarks.load(ordering: .relaxed) == version { return true }
        guard marks.verdict(primaryKey: key.bytes, tags: purgeTags, requestTime: requestTime) == .current else { return false }
        checkedMarks.store(version, ordering: .relaxed)
        return true
    }

    /// The same response with another head: after a 304, which may also say that it belongs elsewhere.
    func updated(_ head: StoredHead, key: StoreKey? = nil, tags: [UInt64]? = nil) -> CachedResponse? {
        CachedResponse(
            kind: kind,
            key: key ?? self.key,
            metadata: StoredMetadata.encode(head),
            head: head,
            payload: body,
            tags: tags ?? self.tags
        )
    }

    /// The length that a HEAD is told; nil where none is.
    var toldByteCount: UInt64? {
        guard head.rules.contains(.headOnly) else { return head.status == 204 ? nil : bodyByteCount }
        return head.fields[.contentLength].flatMap { UInt64($0) }
    }

    var bodyByteCount: UInt64 { fragments?.totalBytes ?? UInt64(body.readableBytes) }

    package var memoryBytes: Int { 480 + key.bytes.count + metadata.count * 2 + tags.count * 8 + headBytes.capacity + body.capacity }
    package var metadataByteCount: Int { metadata.count }
    package var payloadByteCount: Int { body.readableBytes }

    package func copyContent(into region: UnsafeMutableRawBufferPointer) {
        copy(metadata, body, into: region)
    }
}

/// One piece of a large body.
final class CachedFragment: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init.
    let kind = RecordKind.fragment
    let key: StoreKey
    let body: ByteBuffer

    init(key: StoreKey, body: ByteBuffer) {
        self.key = key
        self.body = body
    }

    var memoryBytes: Int { 160 + key.bytes.count + body.capacity }
    var metadataByteCount: Int { 0 }
    var payloadByteCount: Int { body.readableBytes }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {
        copy([], body, into: region)
    }
}

private func copy(_ metadata: [UInt8], _ body: ByteBuffer, into region: UnsafeMutableRawBufferPointer) {
    metadata.withUnsafeBytes { region.copyMemory(from: $0) }
    body.withUnsafeReadableBytes { UnsafeMutableRawBufferPointer(rebasing: region[metadata.count...]).copyMemory(from: $0) }
}

/// Makes the proxy's objects from records: hand it to the store that is opened for a proxy.
public struct ResponseFactory: ObjectFactory {
    /// The only one there is.
    public init() {}

    /// See `ObjectFactory`.
    public func makeObject(_ image: consuming RecordImage) -> (any StoredObject)? {
        let (kind, key, metadata, tags) = (image.kind, image.key, image.metadata, image.tags)
        let payload = ByteBuffer(owning: image.takePayload())
        switch kind {
        case .fragment:
            return CachedFragment(key: key, body: payload)
        case .object where metadata.first == StoredMetadata.variantsTag:
            return VariantMarker(key: key, metadata: metadata)
        case .object where metadata.first == StoredMetadata.partsTag:
            return PartialResponse(key: key, metadata: metadata, tags: tags)
        case .object, .fragmentedHead:
            return CachedResponse(kind: kind, key: key, metadata: metadata, payload: payload, tags: tags)
        case .tombstone:
            return nil
        }
    }
}

extension ByteBuffer {
    /// Takes over memory of the store without a copy. Sound because both sides free with `free`.
    init(owning bytes: consuming OwnedBytes) {
        let (offset, count) = (bytes.offset, bytes.count)
        self.init(
            takingOwnershipOf: bytes.take(),
            allocator: ByteBufferAllocator(),
            readerIndex: offset,
            writerIndex: offset + count
        )
    }
}
