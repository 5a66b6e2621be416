// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

/// What stands under a URL's key when its responses vary: the sets of request fields that select among them (RFC 9111 §4.1), the newest first.
///
/// The responses themselves stand under keys made of the URL's, the marker's generation and the request's own values. Removing the
/// marker therefore removes all variants at once: a new one has another generation. A response that does not vary stands beside them under
/// the empty set.
final class VariantMarker: StoredObject, @unchecked Sendable {
    // Unchecked: immutable after init.
    /// More sets than this are forgotten, oldest first.
    static let maxSpecifications = 4
    /// More variants than this are not offered to the origin for validation.
    static let maxVariants = 8
    /// A longer name or tag of a variant is not remembered.
    private static let maxVariantBytes = 512

    /// One variant that is stored, as far as a validation needs it. It may be gone by now.
    struct Variant: Equatable {
        /// What its key has behind the generation.
        var name: [UInt8]
        /// Its entity tag, as it stands in the field.
        var tag: [UInt8]
    }

    let kind = RecordKind.object
    let key: StoreKey
    let generation: UInt64
    let specifications: [Vary]
    /// The newest first.
    let variants: [Variant]
    private let metadata: [UInt8]

    /// One that knows nothing yet, of a generation of its own.
    convenience init(key: StoreKey) { self.init(key: key, generation: .random(in: 1 ... .max), specifications: []) }

    init(key: StoreKey, generation: UInt64, specifications: [Vary], variants: [Variant] = []) {
        self.key = key
        self.generation = generation
        self.specifications = specifications
        self.variants = variants
        var bytes = [StoredMetadata.variantsTag]
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt64(shift))) }
        Self.append(Array(specifications.map(\.specification).joined(separator: "\n").utf8), to: &bytes)
        for variant in variants {
            Self.append(variant.name, to: &bytes)
            Self.append(variant.tag, to: &bytes)
        }
        metadata = bytes
    }

    init?(key: StoreKey, metadata: [UInt8]) {
        guard metadata.count >= 9 else { return nil }
        var generation: UInt64 = 0
        for index in 0..<8 { generation |= UInt64(metadata[1 + index]) << UInt64(index * 8) }
        var rest = metadata[9...]
        guard let names = Self.take(from: &rest) else { return nil }
        var specifications: [Vary] = []
        for line in names.split(separator: 0x0a, omittingEmptySubsequences: false) {
            guard let vary = line.isEmpty ? Vary() : Vary(specification: String(decoding: line, as: UTF8.self)) else { return nil }
            specifications.append(vary)
        }
        var variants: [Variant] = []
        while !rest.isEmpty {
            guard let name = Self.take(from: &rest), let tag = Self.take(from: &rest) else { return nil }
            variants.append(Variant(name: name, tag: tag))
        }
        self.key = key
        self.generation = generation
        self.specifications = specifications
        self.variants = variants
        self.metadata = metadata
    }

    /// The marker that also knows this set, and knows it as the newest. The empty set matches every request and stays last.
    func adding(_ vary: Vary) -> VariantMarker {
        guard specifications.first != vary, !(vary.isEmpty && specifications.last == vary) else { return self }
        let others = specifications.filter { $0 != vary && !$0.isEmpty }
        let unvaried = specifications.filter { $0.isEmpty && !vary.isEmpty }
        let varied = ((vary.isEmpty ? [] : [vary]) + others).prefix(Self.maxSpecifications - 1)
        return VariantMarker(
            key: key,
            generation: generation,
            specifications: varied + (vary.isEmpty ? [vary] : unvaried),
            variants: variants
        )
    }

    /// The marker that also knows this variant, if it has an entity tag.
    func adding(_ head: StoredHead, _ vary: Vary, for fields: HTTPFields) -> VariantMarker {
        let name = Self.name(vary, for: fields)
        let tag = head.entityTag == nil ? nil : head.fields[.eTag].map { Array($0.utf8) }
        let others = variants.filter { $0.name != name }
        guard let tag, name.count <= Self.maxVariantBytes, tag.count <= Self.maxVariantBytes else {
            return others.count == variants.count
                ? self : VariantMarker(key: key, generation: generation, specifications: specifications, variants: others)
        }
        let variant = Variant(name: name, tag: tag)
        guard variants.first != variant else { return self }
        return VariantMarker(
            key: key,
            generation: generation,
            specifications: specifications,
            variants: Array(([variant] + others).prefix(Self.maxVariants))
        )
    }

    /// The variant that a 304 speaks of, by its entity tag; without a tag in it there must be one that can be meant.
    func variant(selectedBy notModified: HTTPFields) -> [UInt8]? {
        guard let tag = notModified[.eTag].flatMap({ EntityTag($0) }) else { return variants.count == 1 ? variants[0].name : nil }
        return variants.first { EntityTag($0.tag.span).map(tag.matchesWeakly) ?? false }?.name
    }

    /// The key bytes of the variant that a request selects.
    func variantKey(_ vary: Vary, for fields: HTTPFields) -> [UInt8] { variantKey(Self.name(vary, for: fields)) }

    /// The key bytes of a variant.
    func variantKey(_ name: [UInt8]) -> [UInt8] {
        var bytes = key.bytes
        bytes.append(0)
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt64(shift))) }
        bytes.append(contentsOf: name)
        return bytes
    }

    private static func name(_ vary: Vary, for fields: HTTPFields) -> [UInt8] {
        Array(vary.specification.utf8) + [0] + vary.secondaryKey(for: fields)
    }

    /// Two bytes of length, then the bytes.
    private static func append(_ part: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: part.count))
        bytes.append(UInt8(truncatingIfNeeded: part.count >> 8))
        bytes.append(contentsOf: part)
    }

    private static func take(from bytes: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard bytes.count >= 2 else { return nil }
        let count = Int(bytes[bytes.startIndex]) | Int(bytes[bytes.startIndex + 1]) << 8
        bytes = bytes.dropFirst(2)
        guard bytes.count >= count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    var memoryBytes: Int { 256 + key.bytes.count + metadata.count * 2 }
    var metadataByteCount: Int { metadata.count }
    var payloadByteCount: Int { 0 }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {
        metadata.withUnsafeBytes { region.copyMemory(from: $0) }
    }
}
