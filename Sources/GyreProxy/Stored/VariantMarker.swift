// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

/// What stands under a URL's key when its responses vary: the sets of request fields that select among them (RFC 9111 §4.1), the newest first.
///
/// The responses themselves stand under keys made of the URL's, the marker's generation and the request's own values. Removing the
/// marker therefore removes all variants at once: a new one has another generation.
final class VariantMarker: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init.
    /// More sets than this are forgotten, oldest first.
    static let maxSpecifications = 4

    let kind = RecordKind.object
    let key: StoreKey
    let generation: UInt64
    let specifications: [Vary]
    private let metadata: [UInt8]

    init(key: StoreKey, generation: UInt64, specifications: [Vary]) {
        self.key = key
        self.generation = generation
        self.specifications = specifications
        var bytes = [StoredMetadata.variantsTag]
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt64(shift))) }
        bytes.append(contentsOf: specifications.map(\.specification).joined(separator: "\n").utf8)
        metadata = bytes
    }

    init?(key: StoreKey, metadata: [UInt8]) {
        guard metadata.count >= 9 else { return nil }
        var generation: UInt64 = 0
        for index in 0..<8 { generation |= UInt64(metadata[1 + index]) << UInt64(index * 8) }
        var specifications: [Vary] = []
        for line in metadata[9...].split(separator: 0x0a) {
            guard let vary = Vary(specification: String(decoding: line, as: UTF8.self)) else { return nil }
            specifications.append(vary)
        }
        self.key = key
        self.generation = generation
        self.specifications = specifications
        self.metadata = metadata
    }

    /// The marker that also knows this set, and knows it as the newest.
    func adding(_ vary: Vary) -> VariantMarker {
        let others = specifications.filter { $0 != vary }
        return VariantMarker(key: key, generation: generation, specifications: Array(([vary] + others).prefix(Self.maxSpecifications)))
    }

    /// The key bytes of the variant that a request selects.
    func variantKey(_ vary: Vary, for fields: HTTPFields) -> [UInt8] {
        var bytes = key.bytes
        bytes.append(0)
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt64(shift))) }
        bytes.append(contentsOf: vary.specification.utf8)
        bytes.append(0)
        bytes.append(contentsOf: vary.secondaryKey(for: fields))
        return bytes
    }

    var memoryBytes: Int { 256 + key.bytes.count + metadata.count }
    var metadataByteCount: Int { metadata.count }
    var payloadByteCount: Int { 0 }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {
        metadata.withUnsafeBytes { region.copyMemory(from: $0) }
    }
}
