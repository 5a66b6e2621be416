// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Fingerprints of objects that were seen and not written, in four bytes each: coming again while it is remembered, an object has shown
/// that it is used (the ghost queue of S3-FIFO, Yang et al., SOSP 2023, in the space of a packed table).
///
/// A fingerprint belongs to one bucket of a cache line: fifteen places that are filled in turn, so a bucket forgets its oldest first.
/// Weakness: buckets fill unevenly, so that of two fingerprints of the same age one may be remembered and the other not; and with 2^26
/// places one lookup in two hundred finds another object's fingerprint, which then is written one request too early.
package struct GhostTable: Sendable {
    /// A cursor and fifteen fingerprints a bucket.
    private var words: [UInt32]
    private var bucketCount: Int
    private let maxBuckets: Int

    private static let places = 15

    /// - Parameters:
    ///   - capacity: Fingerprints remembered, to begin with.
    ///   - maxCapacity: Most that ``grow(toHold:)`` makes room for.
    package init(capacity: Int, maxCapacity: Int) {
        maxBuckets = max(1, maxCapacity / Self.places)
        bucketCount = min(maxBuckets, max(1, capacity / Self.places))
        words = [UInt32](repeating: 0, count: bucketCount * 16)
    }

    /// Most fingerprints held.
    package var capacity: Int { bucketCount * Self.places }
    /// Bytes of memory.
    package var byteCount: Int { words.count * 4 }

    /// Remembers an object. One that is remembered already keeps its place.
    package mutating func insert(_ hash: KeyHash) { insert(fingerprint: Self.fingerprint(hash)) }

    mutating func insert(fingerprint: UInt32) {
        let base = bucket(fingerprint)
        for place in 1...Self.places where words[base + place] == fingerprint { return }
        put(fingerprint, base)
    }

    /// Forgets an object. True when it was remembered.
    package mutating func remove(_ hash: KeyHash) -> Bool { remove(fingerprint: Self.fingerprint(hash)) }

    mutating func remove(fingerprint: UInt32) -> Bool {
        let base = bucket(fingerprint)
        for place in 1...Self.places where words[base + place] == fingerprint {
            words[base + place] = 0
            return true
        }
        return false
    }

    package func contains(_ hash: KeyHash) -> Bool {
        let fingerprint = Self.fingerprint(hash)
        let base = bucket(fingerprint)
        for place in 1...Self.places where words[base + place] == fingerprint { return true }
        return false
    }

    /// Doubles the table until it has this many places, within its bound. What is remembered stays so.
    package mutating func grow(toHold count: Int) {
        while capacity < count, bucketCount < maxBuckets {
            let old = words
            let oldBuckets = bucketCount
            bucketCount = min(maxBuckets, bucketCount * 2)
            words = [UInt32](repeating: 0, count: bucketCount * 16)
            for oldBucket in 0..<oldBuckets {
                let base = oldBucket * 16
                let cursor = Int(old[base])
                // Oldest first: the cursor stands at it.
                for step in 0..<Self.places {
                    let fingerprint = old[base + 1 + (cursor + step) % Self.places]
                    if fingerprint != 0 { put(fingerprint, bucket(fingerprint)) }
                }
            }
        }
    }

    static func fingerprint(_ hash: KeyHash) -> UInt32 { max(1, UInt32(truncatingIfNeeded: hash.high)) }

    private func bucket(_ fingerprint: UInt32) -> Int { ((Int(fingerprint) * bucketCount) >> 32) * 16 }

    private mutating func put(_ fingerprint: UInt32, _ base: Int) {
        let cursor = Int(words[base])
        words[base + 1 + cursor] = fingerprint
        words[base] = UInt32(cursor + 1 == Self.places ? 0 : cursor + 1)
    }
}
