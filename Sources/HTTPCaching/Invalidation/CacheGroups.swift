// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes
import RawStructuredFieldValues

/// Groups of stored responses of one origin (RFC 9875). Names are compared byte by byte, within one origin only.
public enum CacheGroups {
    /// The groups a response belongs to: its `Cache-Groups`, a List of Strings (RFC 9875 §2). Empty when the field is missing or invalid.
    public static func groups(of fields: HTTPFields) -> [String] {
        strings(in: fields, "cache-groups")
    }

    /// The groups that a response to an unsafe request invalidates: `Cache-Group-Invalidation` (RFC 9875 §3). Ask ``Invalidation`` instead: on answers
    /// to safe methods the field means nothing.
    static func invalidated(by fields: HTTPFields) -> [String] {
        strings(in: fields, "cache-group-invalidation")
    }

    /// A List of Strings; parameters mean nothing. A member of another type makes the whole field invalid (RFC 9651 §4.2).
    private static func strings(in fields: HTTPFields, _ name: String) -> [String] {
        guard let bytes = fields.combinedBytes(name) else { return [] }
        var parser = StructuredFieldValueParser(bytes)
        guard let members = try? parser.parseListFieldValue() else { return [] }
        var result: [String] = []
        for member in members {
            guard case .item(let item) = member, case .string(let text) = item.rfc9651BareItem else { return [] }
            if text.utf8.count > CachingLimits.maxCacheGroupBytes || result.count == CachingLimits.maxCacheGroupCount {
                continue
            }
            if !result.contains(text) { result.append(text) }
        }
        return result
    }
}

/// Tags for purging that sites send in fields of their own.
public enum PurgeTags {
    /// The tags of a response: `Surrogate-Key`, separated by spaces, and `Cache-Tag`, separated by commas. Compared byte by byte; each once, in
    /// order; those that are too long or too many are left out.
    public static func tags(of fields: HTTPFields) -> [[UInt8]] {
        var result: [[UInt8]] = []
        for field in fields {
            let isKey = field.name.canonicalName == "surrogate-key"
            guard isKey || field.name.canonicalName == "cache-tag" else { continue }
            for part in field.valueBytes.split(whereSeparator: { isKey ? ASCII.isOptionalSpace($0) : $0 == ASCII.comma }) {
                var tag = part
                while let first = tag.first, ASCII.isOptionalSpace(first) { tag.removeFirst() }
                while let last = tag.last, ASCII.isOptionalSpace(last) { tag.removeLast() }
                guard !tag.isEmpty, tag.count <= CachingLimits.maxTagBytes, result.count < CachingLimits.maxTagCount else { continue }
                let bytes = Array(tag)
                if !result.contains(bytes) { result.append(bytes) }
            }
        }
        return result
    }
}
