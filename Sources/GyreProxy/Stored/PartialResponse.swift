// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

extension HTTPFields {
    /// The fields without the one that tells which bytes are sent.
    var withoutContentRange: HTTPFields {
        var fields = self
        fields[.contentRange] = nil
        return fields
    }
}

/// What stands under a key when only parts of a representation are stored (RFC 9111 §3.3, §3.4): which bytes, and where they lie.
///
/// Each part is a stored 206 of its own under a key of its own, so joining parts moves no bytes.
final class PartialResponse: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init.
    /// More parts than this are forgotten, the oldest first.
    static let maxParts = 64

    /// One stored part.
    struct Part {
        var range: ByteRange
        /// Random: parts of an older state of the representation are never mistaken for these.
        var id: UInt64
    }

    let kind = RecordKind.object
    let key: StoreKey
    /// The head of the newest part, with the fields of all (RFC 9111 §3.4).
    let head: StoredHead
    /// In the order of their coming.
    let parts: [Part]
    /// Nil when the origin does not tell it.
    let completeLength: UInt64?
    let tags: [UInt64]
    private let metadata: [UInt8]

    init?(key: StoreKey, head: StoredHead, parts: [Part], tags: [UInt64]) {
        guard let range = head.partial, !parts.isEmpty else { return nil }
        self.key = key
        self.head = head
        self.parts = parts
        self.tags = tags
        completeLength = range.completeLength
        var bytes = [StoredMetadata.partsTag, UInt8(truncatingIfNeeded: parts.count)]
        for part in parts {
            for number in [part.range.first, part.range.last, part.id] {
                for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
            }
        }
        head.encode(into: &bytes)
        metadata = bytes
    }

    convenience init?(key: StoreKey, metadata: [UInt8], tags: [UInt64]) {
        guard metadata.count >= 2, metadata[1] > 0, Int(metadata[1]) <= Self.maxParts, metadata.count > 2 + Int(metadata[1]) * 24 else {
            return nil
        }
        var parts: [Part] = []
        for index in 0..<Int(metadata[1]) {
            let numbers = (0..<3).map { field in
                (0..<8).reduce(UInt64(0)) { $0 | UInt64(metadata[2 + index * 24 + field * 8 + $1]) << UInt64($1 * 8) }
            }
            guard let range = ByteRange(first: numbers[0], last: numbers[1]) else { return nil }
            parts.append(Part(range: range, id: numbers[2]))
        }
        let rest = 2 + parts.count * 24
        let head = metadata.withUnsafeBytes { StoredHead(decoding: UnsafeRawBufferPointer(rebasing: $0[rest...])) }
        guard let head else { return nil }
        self.init(key: key, head: head, parts: parts, tags: tags)
    }

    /// Which bytes are there.
    var coverage: RangeCoverage { RangeCoverage(parts.map(\.range)) }

    /// The head as if the whole were there: for decisions that are not about ranges.
    var wholeHead: StoredHead { head.asWhole(byteCount: completeLength) }

    /// The same parts with another head: after a 304.
    func updated(_ head: StoredHead) -> PartialResponse? { PartialResponse(key: key, head: head, parts: parts, tags: tags) }

    /// The key of a part's bytes.
    static func partKey(_ key: StoreKey, id: UInt64) -> [UInt8] {
        var bytes = key.bytes
        bytes.append(0)
        bytes.append(UInt8(ascii: "p"))
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: id >> UInt64(shift))) }
        return bytes
    }

    /// What is stored when one more part has come: with what was there, if both are of one state of the representation.
    static func adding(_ part: Part, head: StoredHead, to stored: PartialResponse?, key: StoreKey, tags: [UInt64]) -> PartialResponse? {
        guard let stored, PartialCombination.decide(stored: stored.head, new: head) == .combine else {
            return PartialResponse(key: key, head: head, parts: [part], tags: tags)
        }
        let others = stored.parts.filter { !part.range.contains($0.range) }
        return PartialResponse(
            key: key,
            head: PartialCombination.combinedHead(stored: stored.head, new: head),
            parts: Array((others + [part]).suffix(maxParts)),
            tags: tags
        )
    }

    /// The places of a run of bytes, in order; nil when a byte is missing.
    func places(of wanted: ByteRange) -> [(part: Part, range: ByteRange)]? {
        var result: [(Part, ByteRange)] = []
        var next = wanted.first
        while true {
            let holders = parts.filter { $0.range.first <= next && $0.range.last >= next }
            guard let best = holders.max(by: { $0.range.last < $1.range.last }),
                let run = ByteRange(first: next, last: min(best.range.last, wanted.last))
            else { return nil }
            result.append((best, run))
            if run.last >= wanted.last { return result }
            next = run.last + 1
        }
    }

    var memoryBytes: Int { 384 + key.bytes.count + metadata.count * 3 }
    var metadataByteCount: Int { metadata.count }
    var payloadByteCount: Int { 0 }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {
        metadata.withUnsafeBytes { region.copyMemory(from: $0) }
    }
}
