// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Checks for what is written from elsewhere than a parsed head: settings, rules, the admin interface.
public enum WireSyntax {
    /// Whether these bytes are a token: a field name or a method (RFC 9110 §5.6.2). Not empty.
    public static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return false }
        let name = WireBytes(base: base, count: bytes.count)
        return name.endOfToken(from: 0, to: name.count) == name.count
    }

    /// Whether these bytes may stand in a field value: no control character but HTAB (RFC 9110 §5.5). It may be empty.
    public static func isFieldValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return true }
        let value = WireBytes(base: base, count: bytes.count)
        return value.endOfValue(from: 0) == value.count
    }

    /// Whether these bytes may stand in a request line as its target: visible ASCII without `#`. Not empty.
    public static func isTarget(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return false }
        let target = WireBytes(base: base, count: bytes.count)
        return target.endOfQuery(from: 0) == target.count
    }
}
