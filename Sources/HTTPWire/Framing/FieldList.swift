// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Lists of names in field values (RFC 9110 §5.6.1), for the few fields that the wire code itself has to understand.
enum FieldList {
    /// Whether one element of `value`, without its parameters, is `name` in any case. `name` is in lower case.
    static func contains(_ name: StaticString, in value: WireBytes) -> Bool {
        var index = 0
        while index < value.count {
            index = value.endOfWhitespace(from: index)
            let end = value.endOfToken(from: index, to: value.count)
            if value.part(from: index, to: end).equals(lowercase: name) { return true }
            index = value.first(ASCII.comma, from: end) &+ 1
        }
        return false
    }
}
