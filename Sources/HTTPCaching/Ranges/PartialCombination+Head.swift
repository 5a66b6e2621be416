// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

extension PartialCombination {
    /// The head of parts that were joined: the new response's, with the fields of the stored one that it does not have (RFC 9111 §3.4, §3.2).
    public static func combinedHead(stored: StoredHead, new: StoredHead) -> StoredHead {
        var head = new
        // The older part's fields may still be those that its `no-cache="…"` names.
        head.rules.formUnion(stored.rules.intersection(.stripsFields))
        let names = Set(new.fields.map(\.name.canonicalName))
        for field in stored.fields where !names.contains(field.name.canonicalName) {
            switch field.name.canonicalName {
            case "content-range", "content-length", "content-encoding": continue
            default: head.fields.append(field)
            }
        }
        // A part that does not tell the complete length takes nothing from one that does.
        if let range = new.partial?.range, new.partial?.completeLength == nil, let known = stored.partial?.completeLength {
            head.partial = ContentRange(range: range, completeLength: known) ?? new.partial
        }
        return head
    }
}

extension StoredHead {
    /// The head of the whole representation, made from that of a part of it. Its length may not be known.
    public func asWhole(byteCount: UInt64?) -> StoredHead {
        var head = self
        head.status = 200
        head.partial = nil
        head.rules.subtract([.partial, .incomplete])
        head.bodyByteCount = byteCount
        head.fields.removeAll { $0.name.canonicalName == "content-range" || $0.name.canonicalName == "content-length" }
        return head
    }

    /// The `If-Range` that asks for more bytes of the same state of a representation; nil without a strong validator (RFC 9110 §13.1.5).
    public var rangeCondition: HTTPField? {
        if let tag = entityTag {
            return tag.isWeak ? nil : fields.single("etag").map { HTTPField(name: .ifRange, value: $0.valueBytes) }
        }
        guard isLastModifiedStrong else { return nil }
        return fields.single("last-modified").map { HTTPField(name: .ifRange, value: $0.valueBytes) }
    }
}
