// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A record as its user holds it in memory. The store keeps such objects in its memory tier and writes them to disk; what else is in
/// them (a parsed head, say) is the user's business and is not parsed again on a hit.
public protocol StoredObject: AnyObject, Sendable {
    /// What it is.
    var kind: RecordKind { get }
    /// What it is called.
    var key: StoreKey { get }
    /// Everything this object holds in memory, in bytes, as the memory tier shall count it.
    var memoryBytes: Int { get }
    /// Length of the metadata.
    var metadataByteCount: Int { get }
    /// Length of the payload.
    var payloadByteCount: Int { get }
    /// Purge tags: hashes of names under which this object can be purged together with others. At most ``Limits/maxTags``.
    var tags: [UInt64] { get }
    /// Copies metadata, then payload, into the region, which is exactly as long as both. Called on any thread, off every lock.
    func copyContent(into region: UnsafeMutableRawBufferPointer)
}

extension StoredObject {
    /// None.
    public var tags: [UInt64] { [] }
}

/// Makes the user's objects from records. Called on an I/O thread or on the caller's.
public protocol ObjectFactory: Sendable {
    /// The object for a record, or nil when the metadata make no sense: the record is then dropped and counted as damaged.
    func makeObject(_ image: consuming RecordImage) -> (any StoredObject)?
}

/// The object of a user who wants bytes and nothing else.
public final class PlainObject: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init.
    /// See ``StoredObject``.
    public let kind: RecordKind
    /// See ``StoredObject``.
    public let key: StoreKey
    /// What was stored beside the payload.
    public let metadata: [UInt8]
    /// See ``StoredObject``.
    public let tags: [UInt64]
    private let payload: OwnedBytes

    /// Takes the parts of a record.
    public init(_ image: consuming RecordImage) {
        kind = image.kind
        key = image.key
        metadata = image.metadata
        tags = image.tags
        payload = image.takePayload()
    }

    /// See ``StoredObject``.
    public var memoryBytes: Int { 160 + key.bytes.count + metadata.count + tags.count * 8 + payload.capacity }
    /// See ``StoredObject``.
    public var metadataByteCount: Int { metadata.count }
    /// See ``StoredObject``.
    public var payloadByteCount: Int { payload.count }

    /// The payload's bytes.
    public func withPayload<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try payload.withBytes(body)
    }

    /// See ``StoredObject``.
    public func copyContent(into region: UnsafeMutableRawBufferPointer) {
        metadata.withUnsafeBytes { region.part(0, $0.count).copyMemory(from: $0) }
        payload.withBytes { region.part(metadata.count, $0.count).copyMemory(from: $0) }
    }
}

/// Makes ``PlainObject``s.
public struct PlainObjectFactory: ObjectFactory {
    /// The only one there is.
    public init() {}

    /// See ``ObjectFactory``.
    public func makeObject(_ image: consuming RecordImage) -> (any StoredObject)? { PlainObject(image) }
}
