// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The request target (RFC 9112 §3.2), read to the space behind it.
///
/// What RFC 3986 does not allow but browsers send in paths and queries passes: `|`, `^`, `{`, `}`, `[`, `]`, the backtick, quotes and angle brackets. Refused
/// is what peers read differently: control characters, spaces, bytes above ASCII, `#` (a fragment is never sent), `\` in a path (some origins take it for `/`;
/// browsers turn it into one before they send), and `%` in a path without two hexadecimal digits (no two decoders agree on it). In a query browsers leave
/// a lone `%` and `\` as they are, and nobody decodes a query on the way, so there they pass.
enum TargetParser {
    /// Moves `cursor` from the first byte of the target to the first byte after it.
    @inline(__always)
    static func parse(_ bytes: WireBytes, _ cursor: inout Int, _ head: inout RequestHead) -> WireError? {
        guard cursor < bytes.count else { return .badRequestLine }
        if head.method != .connect, bytes[cursor] == ASCII.slash {
            head.targetForm = .origin
            return path(bytes, &cursor, &head)
        }
        return other(bytes, &cursor, &head)
    }

    /// Path and query. The path begins with `/` or is empty.
    @inline(__always)
    private static func path(_ bytes: WireBytes, _ cursor: inout Int, _ head: inout RequestHead) -> WireError? {
        let start = cursor
        while true {
            cursor = bytes.endOfPathRun(from: cursor)
            guard cursor < bytes.count else { return .badRequestLine }
            guard bytes[cursor] == ASCII.percent else { break }
            guard cursor &+ 2 < bytes.count else { return .badPercentEncoding }
            guard ASCII.hexValue(bytes[cursor &+ 1]) != nil, ASCII.hexValue(bytes[cursor &+ 2]) != nil else { return .badPercentEncoding }
            cursor &+= 3
        }
        if bytes[cursor] == ASCII.question {
            let queryStart = cursor &+ 1
            cursor = bytes.endOfQuery(from: queryStart)
            guard cursor < bytes.count else { return .badRequestLine }
            head.query = ByteSlice(from: queryStart, to: cursor)
        }
        head.path = ByteSlice(from: start, to: cursor)
        if bytes[cursor] == ASCII.space { return nil }
        // A line that ends here has no version; anything else is a byte that a target cannot hold.
        return bytes[cursor] == ASCII.cr || bytes[cursor] == ASCII.lf ? .badRequestLine : .badTarget
    }

    @inline(never)
    private static func other(_ bytes: WireBytes, _ cursor: inout Int, _ head: inout RequestHead) -> WireError? {
        if head.method == .connect { return authority(bytes, &cursor, &head) }
        if bytes[cursor] == ASCII.asterisk, cursor &+ 1 < bytes.count, bytes[cursor &+ 1] == ASCII.space {
            cursor &+= 1
            head.targetForm = .asterisk
            return head.method == .options ? nil : .targetFormMismatch
        }
        return absolute(bytes, &cursor, &head)
    }

    /// `host:port`, where the port is required (RFC 9112 §3.2.3).
    private static func authority(_ bytes: WireBytes, _ cursor: inout Int, _ head: inout RequestHead) -> WireError? {
        let start = cursor
        cursor = bytes.endOfQuery(from: start)
        guard cursor < bytes.count, cursor > start else { return .badRequestLine }
        guard let authority = Authority(bytes.part(from: start, to: cursor)), authority.port != nil else {
            return bytes[start] == ASCII.slash ? .targetFormMismatch : .badAuthority
        }
        head.targetForm = .authority
        head.setHost(authority, at: start)
        return nil
    }

    /// `http://host[:port][/path][?query]`, and the same with `https`.
    private static func absolute(_ bytes: WireBytes, _ cursor: inout Int, _ head: inout RequestHead) -> WireError? {
        let start = cursor
        let colon = bytes.first(ASCII.colon, from: start)
        guard colon < bytes.count else { return .badTarget }
        guard bytes.endOfToken(from: start, to: colon) == colon, colon > start else { return .badTarget }
        let scheme = bytes.part(from: start, to: colon)
        if scheme.equals(lowercase: "http") {
            head.scheme = .http
        } else if scheme.equals(lowercase: "https") {
            head.scheme = .https
        } else {
            return .unsupportedScheme
        }
        guard colon &+ 2 < bytes.count, bytes[colon &+ 1] == ASCII.slash, bytes[colon &+ 2] == ASCII.slash else { return .badTarget }
        let authorityStart = colon &+ 3
        cursor = authorityStart
        while cursor < bytes.count, bytes[cursor] > ASCII.space, bytes[cursor] != ASCII.slash, bytes[cursor] != ASCII.question {
            cursor &+= 1
        }
        guard cursor < bytes.count else { return .badRequestLine }
        guard let authority = Authority(bytes.part(from: authorityStart, to: cursor)) else { return .badAuthority }
        head.targetForm = .absolute
        head.setHost(authority, at: authorityStart)
        return path(bytes, &cursor, &head)
    }
}
