// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

extension Vary {
    /// The secondary key of a request: equal keys mean that the selecting fields match (RFC 9111 §4.1). Empty when nothing varies.
    ///
    /// One line for each name: the name, a colon and the normalised value, or the name alone when the request has no such field. Cost:
    /// one walk over the request's fields for each name.
    public func secondaryKey(for request: HTTPFields) -> [UInt8] {
        secondaryKey { request.combinedBytes($0) }
    }

    /// The secondary key of a request whose fields are kept in another form.
    ///
    /// - Parameter value: gives the value of a field by its lower-case name, several lines joined by a comma and a space, or `nil` when the request has none.
    public func secondaryKey(value: (_ name: String) -> [UInt8]?) -> [UInt8] {
        var key: [UInt8] = []
        for name in names {
            key.append(contentsOf: name.utf8)
            Self.appendNormalized(name, value(name), to: &key)
            key.append(ASCII.newline)
        }
        return key
    }

    private static func appendNormalized(_ name: String, _ value: [UInt8]?, to key: inout [UInt8]) {
        guard var value else { return }
        key.append(ASCII.colon)
        switch name {
        case "accept-encoding": value = SelectingField.acceptEncoding(value.span)
        case "accept-language": value = SelectingField.weighted(value.span)
        case "accept-charset": value = SelectingField.list(value.span, lowercase: true)
        case "accept", "te", "prefer": value = SelectingField.list(value.span, lowercase: false)
        // No lists: a comma in them is a letter as any other.
        case "user-agent", "referer", "cookie", "authorization", "from", "host", "origin", "date", "if-modified-since",
            "if-unmodified-since":
            break
        default: value = SelectingField.spacing(value.span)
        }
        key.append(contentsOf: value)
    }
}

/// Forms of selecting fields that mean the same are made equal; nothing else is. RFC 9111 §4.1 allows for what is known to have
/// identical semantics only.
enum SelectingField {
    /// A value that may be a list, without the optional white space around commas (RFC 9110 §5.6.1). All else stays: the field is not known.
    static func spacing(_ text: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var inQuotes = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            if inQuotes, byte == ASCII.backslash, index + 1 < text.count {
                result.append(byte)
                index += 1
                result.append(text[index])
            } else if byte == ASCII.quote {
                inQuotes.toggle()
                result.append(byte)
            } else if byte == ASCII.comma, !inQuotes {
                while let last = result.last, ASCII.isOptionalSpace(last) { result.removeLast() }
                result.append(byte)
                while index + 1 < text.count, ASCII.isOptionalSpace(text[index + 1]) { index += 1 }
            } else {
                result.append(byte)
            }
            index += 1
        }
        return result
    }

    /// Language ranges in lower case, in order of their names, with the shortest weight. The weights say what is preferred; the order "cannot be
    /// relied upon" (RFC 9110 §12.5.4), so it is no part of the meaning.
    static func weighted(_ text: Span<UInt8>) -> [UInt8] {
        var ranges: [[UInt8]] = []
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            var range: [UInt8] = []
            append(text, member, lowercase: true, to: &range)
            ranges.append(range.withShortestWeight)
        }
        ranges.sort { $0.lexicographicallyPrecedes($1) }
        return Array(ranges.joined(separator: [ASCII.comma]))
    }

    /// A list without its optional white space and empty members. The order stays: servers rank equal weights by it.
    static func list(_ text: Span<UInt8>, lowercase: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            if !result.isEmpty { result.append(ASCII.comma) }
            append(text, member, lowercase: lowercase, to: &result)
        }
        return result
    }

    /// Codings in lower case, in order of their names, with the shortest weight. Names are case-insensitive, `x-gzip` means `gzip` (RFC 9110
    /// §8.4.1.3), and the order has no meaning (§12.5.3).
    static func acceptEncoding(_ text: Span<UInt8>) -> [UInt8] {
        var codings: [[UInt8]] = []
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            var coding: [UInt8] = []
            append(text, member, lowercase: true, to: &coding)
            coding = coding.withoutLegacyPrefix.withShortestWeight
            codings.append(coding)
        }
        codings.sort { $0.lexicographicallyPrecedes($1) }
        var result: [UInt8] = []
        for (index, coding) in codings.enumerated() {
            // A coding that is written twice in the same way means it once.
            if index > 0, codings[index - 1] == coding { continue }
            if !result.isEmpty { result.append(ASCII.comma) }
            result.append(contentsOf: coding)
        }
        return result
    }

    /// A member without white space around semicolons; quoted strings stay as they are.
    private static func append(_ text: Span<UInt8>, _ member: Range<Int>, lowercase: Bool, to output: inout [UInt8]) {
        var inQuotes = false
        var index = member.lowerBound
        while index < member.upperBound {
            let byte = text[index]
            if inQuotes, byte == ASCII.backslash, index + 1 < member.upperBound {
                output.append(byte)
                index += 1
                output.append(text[index])
            } else if byte == ASCII.quote {
                inQuotes.toggle()
                output.append(byte)
            } else if !inQuotes, ASCII.isOptionalSpace(byte), touchesSemicolon(text, index, member) {
                // dropped
            } else {
                output.append(lowercase && !inQuotes ? ASCII.lowercased(byte) : byte)
            }
            index += 1
        }
    }

    private static func touchesSemicolon(_ text: Span<UInt8>, _ index: Int, _ member: Range<Int>) -> Bool {
        var before = index
        while before > member.lowerBound, ASCII.isOptionalSpace(text[before]) { before -= 1 }
        if text[before] == ASCII.semicolon { return true }
        var after = index
        while after < member.upperBound - 1, ASCII.isOptionalSpace(text[after]) { after += 1 }
        return text[after] == ASCII.semicolon
    }
}

extension [UInt8] {
    fileprivate var withoutLegacyPrefix: [UInt8] {
        let name = prefix { $0 != ASCII.semicolon }
        guard name.elementsEqual("x-gzip".utf8) || name.elementsEqual("x-compress".utf8) else { return self }
        return Array(dropFirst(2))
    }

    /// `;q=1.000` is the default and goes; `;q=0.50` becomes `;q=0.5`.
    fileprivate var withShortestWeight: [UInt8] {
        guard let mark = firstIndex(of: ASCII.semicolon), count >= mark + 4, self[mark + 1] == UInt8(ascii: "q"),
            self[mark + 2] == ASCII.equals
        else { return self }
        var weight = Array(self[(mark + 3)...])
        let isPlain = weight.allSatisfy { ASCII.isDigit($0) || $0 == ASCII.dot } && weight.count <= 5
        guard isPlain, weight.first == ASCII.zero || weight.first == ASCII.zero + 1 else { return self }
        if weight.count > 1 {
            guard weight[1] == ASCII.dot, weight.filter({ $0 == ASCII.dot }).count == 1 else { return self }
            while weight.last == ASCII.zero { weight.removeLast() }
            if weight.last == ASCII.dot { weight.removeLast() }
        }
        if weight == [ASCII.zero + 1] { return Array(self[..<mark]) }
        return Array(self[..<(mark + 3)]) + weight
    }
}
