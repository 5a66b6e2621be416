// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A record's parts on their way from the store to its user. The payload has one owner, so it can be passed on without a copy.
public struct RecordImage: ~Copyable, Sendable {
    /// What it is.
    public let kind: RecordKind
    /// What it is called.
    public let key: StoreKey
    /// What the user stored beside the payload.
    public let metadata: [UInt8]
    /// Purge tags.
    public let tags: [UInt64]
    /// When it was written, in the store's order of writes and removals; 0 for one that was not read from a volume.
    public let serial: UInt64
    /// The locality group it was stored with; 0 for none.
    public let group: UInt32
    /// The payload.
    public var payload: OwnedBytes

    /// An image from its parts.
    public init(
        kind: RecordKind,
        key: StoreKey,
        metadata: [UInt8],
        payload: consuming OwnedBytes,
        tags: [UInt64] = [],
        serial: UInt64 = 0,
        group: UInt32 = 0
    ) {
        self.kind = kind
        self.key = key
        self.metadata = metadata
        self.payload = payload
        self.tags = tags
        self.serial = serial
        self.group = group
    }

    /// The payload alone.
    public consuming func takePayload() -> OwnedBytes { payload }
}

extension RecordImage {
    /// From a record that was checked. `record` begins with its header.
    init(_ header: RecordHeader, _ record: UnsafeRawBufferPointer, key: StoreKey, payload: consuming OwnedBytes) {
        self.init(
            kind: header.kind,
            key: key,
            metadata: Array(record.part(header.metadataOffset, header.metadataBytes)),
            payload: payload,
            tags: header.tags(in: record),
            serial: header.serial,
            group: header.run.group
        )
    }
}
