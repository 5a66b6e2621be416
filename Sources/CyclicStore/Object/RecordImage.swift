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
    /// The payload.
    public var payload: OwnedBytes

    /// An image from its parts.
    public init(kind: RecordKind, key: StoreKey, metadata: [UInt8], payload: consuming OwnedBytes) {
        self.kind = kind
        self.key = key
        self.metadata = metadata
        self.payload = payload
    }

    /// The payload alone.
    public consuming func takePayload() -> OwnedBytes { payload }
}
