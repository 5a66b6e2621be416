// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Fingerprints of objects that were seen and not written, in two bytes each: coming again while it is remembered, an object has shown
/// that it is used (the ghost queue of S3-FIFO, Yang et al., SOSP 2023, in the space of a packed table).
///
/// A fingerprint belongs to one bucket of a cache line: 31 places that are filled in turn, so a bucket forgets its oldest first. The table
/// grows by splitting one bucket after the other, some with each change (linear hashing, Litwin, VLDB 1980): no change waits for the whole
/// table. A split copies: what belongs into the other half stays until it is the oldest, and its 16 bits match hardly anything there.
/// Weakness: buckets fill unevenly, so that of two fingerprints of the same age one may be remembered and the other not; and one lookup in
/// two thousand finds another object's fingerprint, which then is written one request too early.
package struct GhostTable: Sendable {
    /// Buckets of a cursor and 31 fingerprints. In pieces, so that growing moves nothing.
    private var segments: [[UInt16]]
    private var bucketCount: Int
    /// The largest power of two that is at most ``bucketCount``.
    private var round: Int
    /// What ``bucketCount`` grows to: a power of two, since buckets that are not split yet forget twice as fast.
    private var wantedBuckets: Int
    private let maxBuckets: Int

    private static let places = 31
    private static let words = places + 1
    private static let segmentBuckets = 1 << 12
    /// Buckets that are split with each change: room grows faster than it can be filled.
    private static let splitsAtOnce = 4

    /// - Parameters:
    ///   - capacity: Fingerprints remembered, to begin with.
    ///   - maxCapacity: Most that ``grow(toHold:)`` makes room for. Both are rounded to the nearest power of two of buckets.
    package init(capacity: Int, maxCapacity: Int) {
        maxBuckets = Self.buckets(toHold: maxCapacity)
        bucketCount = min(maxBuckets, Self.buckets(toHold: capacity))
        round = bucketCount
        wantedBuckets = bucketCount
        segments = stride(from: 0, to: bucketCount, by: Self.segmentBuckets).map { [bucketCount] first in
            [UInt16](repeating: 0, count: min(Self.segmentBuckets, bucketCount - first) * Self.words)
        }
    }

    /// Most fingerprints held.
    package var capacity: Int { bucketCount * Self.places }
    /// Bytes of memory.
    package var byteCount: Int { bucketCount * Self.words * MemoryLayout<UInt16>.size }

    /// Remembers an object. One that is remembered already keeps its place.
    package mutating func insert(_ hash: KeyHash) { insert(Mark(hash)) }

    mutating func insert(fingerprint: UInt32) { insert(Mark(fingerprint)) }

    /// Forgets an object. True when it was remembered.
    package mutating func remove(_ hash: KeyHash) -> Bool { remove(Mark(hash)) }

    mutating func remove(fingerprint: UInt32) -> Bool { remove(Mark(fingerprint)) }

    package func contains(_ hash: KeyHash) -> Bool {
        let mark = Mark(hash)
        let (segment, base) = position(of: bucket(of: mark))
        return place(of: mark.tag, segment, base) != nil
    }

    /// Makes room for about so many, within the bound, in the course of the changes that follow. What is remembered stays so.
    package mutating func grow(toHold count: Int) {
        wantedBuckets = max(wantedBuckets, min(maxBuckets, Self.buckets(toHold: count)))
    }

    /// What ``insert(fingerprint:)`` and ``remove(fingerprint:)`` take.
    static func fingerprint(_ hash: KeyHash) -> UInt32 { UInt32(truncatingIfNeeded: hash.high) }

    /// Where an object would be, and as what.
    private struct Mark {
        var bucket: UInt32
        var tag: UInt16

        init(_ hash: KeyHash) { self.init(bucket: hash.high, tag: hash.high) }

        /// The tag depends on every bit of a fingerprint, the lowest bits of the bucket on the lowest.
        init(_ fingerprint: UInt32) {
            let spread = UInt64(fingerprint) &* 0x9e37_79b9_7f4a_7c15
            self.init(bucket: spread, tag: spread)
        }

        private init(bucket: UInt64, tag: UInt64) {
            self.bucket = UInt32(truncatingIfNeeded: bucket)
            self.tag = max(1, UInt16(truncatingIfNeeded: tag >> 48))
        }
    }

    private mutating func insert(_ mark: Mark) {
        splitSome()
        let (segment, base) = position(of: bucket(of: mark))
        guard place(of: mark.tag, segment, base) == nil else { return }
        let cursor = Int(segments[segment][base])
        segments[segment][base + 1 + cursor] = mark.tag
        segments[segment][base] = UInt16(cursor + 1 == Self.places ? 0 : cursor + 1)
    }

    private mutating func remove(_ mark: Mark) -> Bool {
        splitSome()
        let (segment, base) = position(of: bucket(of: mark))
        guard let place = place(of: mark.tag, segment, base) else { return false }
        segments[segment][place] = 0
        return true
    }

    private func bucket(of mark: Mark) -> Int {
        let low = Int(mark.bucket) & (2 * round - 1)
        return low < bucketCount ? low : low - round
    }

    private func position(of bucket: Int) -> (segment: Int, base: Int) {
        (bucket / Self.segmentBuckets, bucket % Self.segmentBuckets * Self.words)
    }

    private func place(of tag: UInt16, _ segment: Int, _ base: Int) -> Int? {
        segments[segment].withUnsafeBufferPointer { words in
            for place in base + 1...base + Self.places where words[place] == tag { return place }
            return nil
        }
    }

    private mutating func splitSome() {
        var splits = 0
        while bucketCount < wantedBuckets, splits < Self.splitsAtOnce {
            split()
            splits += 1
        }
    }

    /// The next bucket becomes two of the same contents.
    private mutating func split() {
        let (segment, base) = position(of: bucketCount - round)
        if bucketCount % Self.segmentBuckets == 0 {
            segments.append([])
            segments[segments.count - 1].reserveCapacity(Self.segmentBuckets * Self.words)
        }
        for word in base..<base + Self.words { segments[segments.count - 1].append(segments[segment][word]) }
        bucketCount += 1
        if bucketCount == 2 * round { round = bucketCount }
    }

    /// The power of two that is nearest, by its logarithm.
    private static func buckets(toHold count: Int) -> Int {
        let wanted = Double(max(1, count)) / Double(places)
        return 1 << max(0, min(31, Int(wanted.significand > 2.0.squareRoot() ? wanted.exponent + 1 : wanted.exponent)))
    }
}
