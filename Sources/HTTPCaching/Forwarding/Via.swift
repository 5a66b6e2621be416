// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// The `Via` field (RFC 9110 §7.6.3) and `CDN-Loop` (RFC 8586).
public enum Via {
    /// Adds this proxy to a message that goes on.
    ///
    /// - Parameters:
    ///   - fields: the message's fields.
    ///   - receivedVersion: the version the message was received with, as `1.1` or `2`.
    ///   - pseudonym: the proxy's name, a token.
    public static func append(to fields: inout HTTPFields, receivedVersion: String, pseudonym: String) {
        fields.append(HTTPField(name: .via, value: receivedVersion + " " + pseudonym))
    }

    /// Whether a request has passed a proxy of this name: it goes in circles. Names are compared in any case.
    public static func isLoop(_ fields: HTTPFields, pseudonym: String) -> Bool {
        fields.indices.contains { index in
            let name = fields.canonicalName(index)
            guard name == "via" || name == "cdn-loop" else { return false }
            return fields[index].withValue { names($0, pseudonym, isVia: name == "via") }
        }
    }

    /// Whether a member has the name: in `Via` the second word, in `CDN-Loop` the first.
    private static func names(_ text: Span<UInt8>, _ pseudonym: String, isVia: Bool) -> Bool {
        let wanted = pseudonym.utf8.span
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            var start = member.lowerBound
            if isVia {
                while start < member.upperBound, !ASCII.isOptionalSpace(text[start]) { start += 1 }
                while start < member.upperBound, ASCII.isOptionalSpace(text[start]) { start += 1 }
            }
            var end = start
            while end < member.upperBound, !ASCII.isOptionalSpace(text[end]), text[end] != ASCII.semicolon { end += 1 }
            guard end - start == wanted.count else { continue }
            var index = 0
            while index < wanted.count, ASCII.lowercased(text[start + index]) == ASCII.lowercased(wanted[index]) { index += 1 }
            if index == wanted.count, index > 0 { return true }
        }
        return false
    }
}
