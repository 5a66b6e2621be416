// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// Bytes that follow from key and version, so that whoever has them can tell whose they are without having kept them.
enum Bodies {
    /// Longest body.
    static let maxBytes = 3 << 20
    private static let poolBytes = 4 << 20

    /// Random words; a body is a window of them. Two bodies agree in more than a few bytes only if they are the same.
    private static let pool: [UInt64] = {
        var random = SeededRandom(seed: 0xb0d1_e5)
        return (0..<(poolBytes / 8)).map { _ in random.next() }
    }()

    static func withBytes<Result>(
        key: Int,
        version: UInt64,
        _ range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        var mix = SeededRandom(seed: UInt64(key) &* 0x1_0000_01b3 ^ version &* 0x9e37_79b1)
        let start = mix.below(poolBytes - maxBytes)
        return pool.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[(start + range.lowerBound)..<(start + range.upperBound)])) }
    }

    static func owned(key: Int, version: UInt64, count: Int) -> OwnedBytes {
        var bytes = OwnedBytes(capacity: count)
        bytes.withRegion { region in
            withBytes(key: key, version: version, 0..<count) {
                UnsafeMutableRawBufferPointer(rebasing: region[0..<count]).copyMemory(from: $0)
            }
        }
        return bytes
    }

    static func matches(key: Int, version: UInt64, at offset: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard offset + bytes.count <= maxBytes else { return false }
        return withBytes(key: key, version: version, offset..<(offset + bytes.count)) { right in
            guard let left = bytes.baseAddress, let right = right.baseAddress else { return true }
            return compareBytes(left, right, bytes.count)
        }
    }
}

extension Bodies {
    /// As above, of a part of an object's payload.
    static func matches(key: Int, version: UInt64, at offset: Int, _ object: PlainObject, _ part: Range<Int>) -> Bool {
        object.withPayload { matches(key: key, version: version, at: offset, UnsafeRawBufferPointer(rebasing: $0[part])) }
    }
}

/// The label in an object's metadata: whose bytes these are and how many.
struct BodyLabel: Hashable {
    var key: Int
    var version: UInt64
    var count: Int

    static let byteCount = 24

    /// The label, and behind it some bytes that follow from it.
    func encode(padding: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount + padding)
        for word in [UInt64(key), version, UInt64(count)] { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
        Bodies.withBytes(key: key, version: version &+ 1, 0..<padding) { bytes += $0 }
        return bytes
    }

    /// Nil when the bytes are not what ``encode(padding:)`` makes.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count >= Self.byteCount else { return nil }
        func word(_ index: Int) -> UInt64 {
            UInt64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) })
        }
        guard let key = Int(exactly: word(0)), let count = Int(exactly: word(2)) else { return nil }
        self.init(key: key, version: word(1), count: count)
        guard
            bytes.withUnsafeBytes({ all in
                Bodies.matches(key: key, version: version &+ 1, at: 0, UnsafeRawBufferPointer(rebasing: all[Self.byteCount...]))
            })
        else { return nil }
    }

    init(key: Int, version: UInt64, count: Int) {
        self.key = key
        self.version = version
        self.count = count
    }
}
