// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension PlainObject {
    /// An object of one record.
    /// - Parameters:
    ///   - key: From ``CyclicStore/key(_:)``.
    ///   - metadata: What is to be stored beside the bytes.
    ///   - bytes: At most ``CyclicStore/maxInlineBytes``; more come through an ``ObjectWriter``.
    ///   - tags: See ``StoredObject/tags``.
    public convenience init(_ key: StoreKey, metadata: [UInt8] = [], bytes: [UInt8], tags: [UInt64] = []) {
        var payload = OwnedBytes(capacity: bytes.count)
        payload.withRegion { region in bytes.withUnsafeBytes { region.copyMemory(from: $0) } }
        self.init(RecordImage(kind: .object, key: key, metadata: metadata, payload: payload, tags: tags))
    }

    /// A copy of the payload.
    public var bytes: [UInt8] { withPayload { Array($0) } }
}
