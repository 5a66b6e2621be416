// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A reference as `Location` and `Content-Location` have it, resolved against a base (RFC 3986 §5.2).
struct URIReference {
    private var scheme: TargetURI.Scheme?
    private var authority: [UInt8]?
    private var path: [UInt8]
    private var query: [UInt8]?

    /// Reads a reference; `nil` when it has another scheme than http and https, or bytes that no URI has.
    init?(_ text: Span<UInt8>) {
        guard TargetURI.isText(text, 0..<text.count) else { return nil }
        var end = text.firstIndex(of: ASCII.hash, from: 0) ?? text.count
        var start = 0
        var index = 0
        while index < end, ASCII.isLetter(text[index]) || (index > 0 && Self.isSchemeByte(text[index])) { index += 1 }
        if index > 0, index < end, text[index] == ASCII.colon {
            if text.matchesIgnoringCase(0..<index, "http") {
                scheme = .http
            } else if text.matchesIgnoringCase(0..<index, "https") {
                scheme = .https
            } else {
                return nil
            }
            start = index + 1
        }
        if text.matches("//", at: start), start + 2 <= end {
            var stop = start + 2
            while stop < end, text[stop] != ASCII.slash, text[stop] != ASCII.question { stop += 1 }
            authority = text.copied(start + 2..<stop)
            start = stop
        }
        // An http URI without an authority is invalid (RFC 9110 §4.2.1).
        if scheme != nil, authority == nil { return nil }
        if let mark = text.firstIndex(of: ASCII.question, from: start), mark < end {
            query = text.copied(mark + 1..<end)
            end = mark
        }
        path = text.copied(start..<end)
    }

    /// The reference as a URI by itself, dot segments left as they are.
    var absolute: TargetURI? {
        guard let scheme, let authority else { return nil }
        return Self.assemble(scheme, authority, path, query)
    }

    /// The reference against a base.
    func resolved(against base: TargetURI) -> TargetURI? {
        if let authority {
            return Self.assemble(scheme ?? base.scheme, authority, DotSegments.removed(path), query)
        }
        var basePath = base.pathAndQuery
        var baseQuery: [UInt8]?
        if let mark = basePath.firstIndex(of: ASCII.question) {
            baseQuery = Array(basePath[(mark + 1)...])
            basePath.removeSubrange(mark...)
        }
        if path.isEmpty {
            return Self.rebuilt(base, basePath, query ?? baseQuery)
        }
        if path.first == ASCII.slash {
            return Self.rebuilt(base, DotSegments.removed(path), query)
        }
        let merged = basePath[..<((basePath.lastIndex(of: ASCII.slash) ?? -1) + 1)] + path
        return Self.rebuilt(base, DotSegments.removed(Array(merged)), query)
    }

    private static func rebuilt(_ base: TargetURI, _ path: [UInt8], _ query: [UInt8]?) -> TargetURI {
        TargetURI(scheme: base.scheme, host: base.host, port: base.port, pathAndQuery: joined(path, query))
    }

    private static func assemble(_ scheme: TargetURI.Scheme, _ authority: [UInt8], _ path: [UInt8], _ query: [UInt8]?) -> TargetURI? {
        guard let (host, port) = TargetURI.split(authority.span, 0..<authority.count, scheme) else { return nil }
        return TargetURI(scheme: scheme, host: host, port: port, pathAndQuery: joined(path, query))
    }

    private static func joined(_ path: [UInt8], _ query: [UInt8]?) -> [UInt8] {
        var result = path.first == ASCII.slash ? path : [ASCII.slash] + path
        if let query {
            result.append(ASCII.question)
            result.append(contentsOf: query)
        }
        return result
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == ASCII.minus || byte == ASCII.dot || byte == UInt8(ascii: "+")
    }
}

/// The segments `.` and `..` of a path (RFC 3986 §5.2.4).
enum DotSegments {
    /// A path without them. It begins with a slash; `..` never climbs above the root.
    static func removed(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count + 1)
        var start = path.first == ASCII.slash ? 1 : 0
        while true {
            let end = path[start...].firstIndex(of: ASCII.slash) ?? path.endIndex
            let segment = path[start..<end]
            let isLast = end == path.endIndex
            if segment.elementsEqual([ASCII.dot]) {
                if isLast { result.append(ASCII.slash) }
            } else if segment.elementsEqual([ASCII.dot, ASCII.dot]) {
                if let slash = result.lastIndex(of: ASCII.slash) { result.removeSubrange(slash...) }
                if isLast { result.append(ASCII.slash) }
            } else {
                result.append(ASCII.slash)
                result.append(contentsOf: segment)
            }
            if isLast { return result }
            start = end + 1
        }
    }
}
