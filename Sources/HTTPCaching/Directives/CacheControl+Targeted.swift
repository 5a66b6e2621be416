// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import RawStructuredFieldValues

extension CacheControl {
    /// The directives of the first targeted field that is valid and not empty (RFC 9213 §2.2), in the order of `names`; `nil` when there is
    /// none, and `Cache-Control` counts. The names are in lower case.
    ///
    /// The field is a Dictionary of RFC 9651; one that does not parse is treated as missing (RFC 9213 §2.1). A directive whose value has the wrong
    /// type is read as the least generous one. Parameters mean nothing.
    static func targeted(in fields: HTTPFields, names: [String]) -> CacheControl? {
        for name in names {
            guard let bytes = fields.combinedBytes(name) else { continue }
            var parser = StructuredFieldValueParser(bytes)
            guard let members = try? parser.parseDictionaryFieldValue(), members.count > 0 else { continue }
            var result = CacheControl()
            for (key, value) in members { result.apply(key, value) }
            return result
        }
        return nil
    }

    private mutating func apply(_ key: String, _ value: ItemOrInnerList) {
        switch key {
        case "max-age": limitMaxAge(Self.seconds(value))
        case "s-maxage": limitSMaxAge(Self.seconds(value))
        case "stale-while-revalidate": staleWhileRevalidateSeconds = Self.seconds(value) ?? 0
        case "stale-if-error": staleIfErrorSeconds = Self.seconds(value) ?? 0
        case "no-cache":
            if let names = Self.fieldNames(value) { noCacheFields += names } else { set(.noCache, unlessFalse: value) }
        case "private":
            if let names = Self.fieldNames(value) { privateFields += names } else { set(.isPrivate, unlessFalse: value) }
        case "no-store": set(.noStore, unlessFalse: value)
        case "no-transform": set(.noTransform, unlessFalse: value)
        case "must-revalidate": set(.mustRevalidate, unlessFalse: value)
        case "proxy-revalidate": set(.proxyRevalidate, unlessFalse: value)
        case "public": set(.isPublic, ifTrue: value)
        case "immutable": set(.immutable, ifTrue: value)
        case "must-understand": set(.mustUnderstand, ifTrue: value)
        default: break
        }
    }

    private mutating func set(_ flag: Flags, unlessFalse value: ItemOrInnerList) {
        if case .item(let item) = value, case .bool(false) = item.rfc9651BareItem { return }
        flags.insert(flag)
    }

    private mutating func set(_ flag: Flags, ifTrue value: ItemOrInnerList) {
        if case .item(let item) = value, case .bool(true) = item.rfc9651BareItem { flags.insert(flag) }
    }

    private static func seconds(_ value: ItemOrInnerList) -> Int64? {
        guard case .item(let item) = value, case .integer(let seconds) = item.rfc9651BareItem, seconds >= 0 else { return nil }
        return min(seconds, CachingLimits.maxDeltaSeconds)
    }

    /// Field names come as a String or Token holding a list, or as an Inner List of them.
    private static func fieldNames(_ value: ItemOrInnerList) -> [String]? {
        switch value {
        case .item(let item): return string(of: item).flatMap(fieldNames(in:))
        case .innerList(let list):
            var result: [String] = []
            for item in list.bareInnerList {
                guard let text = string(of: item), let names = fieldNames(in: text) else { return nil }
                result += names
            }
            return result.isEmpty ? nil : result
        }
    }

    private static func string(of item: Item) -> String? {
        switch item.rfc9651BareItem {
        case .string(let text), .token(let text): text
        default: nil
        }
    }

    private static func fieldNames(in text: String) -> [String]? {
        let span = text.utf8.span
        var cursor = ListCursor(0..<span.count)
        var result: [String] = []
        while let name = cursor.next(in: span) {
            guard span.isToken(name) else { return nil }
            result.append(span.lowercasedString(name))
        }
        return result.isEmpty ? nil : result
    }
}
