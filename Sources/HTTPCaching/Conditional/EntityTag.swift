// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// An entity tag (RFC 9110 §8.8.3).
public struct EntityTag: Sendable, Hashable {
    /// Whether the tag begins with `W/`.
    public let isWeak: Bool
    /// The bytes between the quotes.
    public let opaque: [UInt8]

    /// A tag from its parts.
    public init(isWeak: Bool, opaque: [UInt8]) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// Reads one tag; `nil` when the text is none.
    public init?(_ text: Span<UInt8>) {
        self.init(text, 0..<text.count)
    }

    /// Reads one tag; `nil` when the text is none.
    public init?(_ text: String) {
        self.init(text.utf8.span)
    }

    init?(_ text: Span<UInt8>, _ range: Range<Int>) {
        let range = text.trimmed(range)
        var start = range.lowerBound
        let weak = range.count >= 2 && text[start] == UInt8(ascii: "W") && text[start + 1] == ASCII.slash
        if weak { start += 2 }
        let end = range.upperBound - 1
        guard start < end, text[start] == ASCII.quote, text[end] == ASCII.quote else { return nil }
        for index in start + 1..<end {
            let byte = text[index]
            guard byte == 0x21 || (byte >= 0x23 && byte != 0x7F) else { return nil }
        }
        isWeak = weak
        opaque = text.copied(start + 1..<end)
    }

    /// Both are strong and the same (RFC 9110 §8.8.3.2).
    public func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }

    /// The same but for the mark of weakness (RFC 9110 §8.8.3.2).
    public func matchesWeakly(_ other: EntityTag) -> Bool {
        opaque == other.opaque
    }
}

extension EntityTag {
    /// Reads one tag, and takes one without its quotes for a weak one: servers send such and clients give them back. It never matches strongly.
    init?(lenient text: Span<UInt8>, _ range: Range<Int>) {
        if let tag = EntityTag(text, range) {
            self = tag
            return
        }
        let range = text.trimmed(range)
        guard !range.isEmpty else { return nil }
        for index in range {
            let byte = text[index]
            guard byte >= 0x21, byte != ASCII.quote, byte != ASCII.comma, byte != ASCII.asterisk, byte != 0x7F else { return nil }
        }
        self.init(isWeak: true, opaque: text.copied(range))
    }
}

/// The value of `If-Match` or `If-None-Match`: every tag, or the listed ones (RFC 9110 §13.1.1, §13.1.2).
enum EntityTagCondition {
    case any
    case tags([EntityTag])

    /// Reads the joined lines. A member that is no tag matches nothing. `*` counts only alone: in a list it is a broken member.
    init(_ text: Span<UInt8>) {
        let whole = text.trimmed(0..<text.count)
        if whole.count == 1, text[whole.lowerBound] == ASCII.asterisk {
            self = .any
            return
        }
        var tags: [EntityTag] = []
        var position = whole.lowerBound
        // Tags may hold backslashes that escape nothing, so the cursor for lists with quoted strings does not fit.
        while position < whole.upperBound {
            var end = position
            var inQuotes = false
            while end < whole.upperBound, inQuotes || text[end] != ASCII.comma {
                if text[end] == ASCII.quote { inQuotes.toggle() }
                end += 1
            }
            if let tag = EntityTag(lenient: text, position..<end) { tags.append(tag) }
            position = end + 1
        }
        self = .tags(tags)
    }
}
