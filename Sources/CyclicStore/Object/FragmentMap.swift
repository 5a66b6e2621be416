// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The payload of a ``RecordKind/fragmentedHead``: how the object is cut and how its fragments are called.
public struct FragmentMap: Hashable, Sendable {
    static let byteCount = 32

    /// Random and unique: fragments of an older object with the same key are never mistaken for these.
    public let objectID: VolumeID
    /// Length of the whole object.
    public let totalBytes: UInt64
    /// Length of every fragment but the last.
    public let fragmentBytes: Int

    init(objectID: VolumeID, totalBytes: UInt64, fragmentBytes: Int) {
        self.objectID = objectID
        self.totalBytes = totalBytes
        self.fragmentBytes = fragmentBytes
    }

    /// From a fragmented head's payload; nil when the numbers make no sense.
    public init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        objectID = VolumeID(word0: bytes.field(0), word1: bytes.field(8))
        totalBytes = bytes.field(16)
        fragmentBytes = Int(truncatingIfNeeded: bytes.field(24, as: UInt64.self))
        guard fragmentBytes > 0, fragmentBytes <= Limits.maxStripeBytes, totalBytes < 1 << 60 else { return nil }
    }

    func encode() -> OwnedBytes {
        var bytes = OwnedBytes(capacity: Self.byteCount)
        bytes.withRegion {
            $0.setField(0, objectID.word0)
            $0.setField(8, objectID.word1)
            $0.setField(16, totalBytes)
            $0.setField(24, UInt64(fragmentBytes))
        }
        return bytes
    }

    /// How many fragments there are.
    public var count: Int { Int((totalBytes + UInt64(fragmentBytes) - 1) / UInt64(fragmentBytes)) }

    /// Which bytes of the object a fragment holds; empty for a fragment there is not.
    public func range(of fragment: Int) -> Range<UInt64> {
        guard (0..<count).contains(fragment) else { return totalBytes..<totalBytes }
        let start = UInt64(fragment) * UInt64(fragmentBytes)
        return start..<min(totalBytes, start + UInt64(fragmentBytes))
    }

    /// The key bytes of a fragment. The first byte keeps fragments apart from every other key.
    public func keyBytes(of fragment: Int) -> [UInt8] { Self.keyBytes(objectID: objectID, fragment: fragment) }

    /// Bytes of a fragment's key: the mark, the object's name, the fragment's number.
    private static let keyByteCount = 25
    private static let keyMark: UInt8 = 1

    /// Whether a key is one of a fragment. The store keeps this form for itself: no other kind of record is stored or served under it.
    static func isFragmentKey(_ bytes: [UInt8]) -> Bool { bytes.count == keyByteCount && bytes[0] == keyMark }

    static func keyBytes(objectID: VolumeID, fragment: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: keyByteCount) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            bytes[0] = keyMark
            bytes.setField(1, objectID.word0)
            bytes.setField(9, objectID.word1)
            bytes.setField(17, UInt64(fragment))
            count = keyByteCount
        }
    }
}
