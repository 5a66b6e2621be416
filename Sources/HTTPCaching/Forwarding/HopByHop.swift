// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// Fields that end at this hop (RFC 9110 §7.6.1).
public enum HopByHop {
    /// A message's direction.
    public enum Direction: Sendable {
        /// Towards the origin.
        case request
        /// Towards the client.
        case response
    }

    /// The fields that go on to the next recipient, in their order.
    ///
    /// Removed are the fields known to end here, those that `Connection` names, and the proxy's own credentials. A name in ``guarded`` is
    /// not removed on the word of `Connection`. Cost: one walk; where something is removed, another and one allocation for the result.
    public static func endToEnd(_ fields: HTTPFields, direction: Direction) -> HTTPFields {
        endToEnd(fields, direction: direction) { _ in true }
    }

    /// The same, of those that the caller keeps besides.
    /// - Parameters:
    ///   - moreCapacity: How many fields are to be added.
    ///   - isKept: Is told each field's name in lower case.
    package static func endToEnd(
        _ fields: HTTPFields,
        direction: Direction,
        moreCapacity: Int = 0,
        where isKept: (String) -> Bool
    ) -> HTTPFields {
        // What `Connection` names can only be there when it is there itself, and that ends here.
        if moreCapacity == 0,
            fields.indices.allSatisfy({ !isHopByHop(fields.kind($0), direction) && isKept(fields.canonicalName($0)) })
        {
            return fields
        }
        let nominated = nominatedNames(fields)
        return fields.kept(moreCapacity: moreCapacity) { name in
            !isHopByHop(FieldKind(name), direction) && (nominated.isEmpty || !nominated.contains(name)) && isKept(name)
        }
    }

    /// Whether a field never goes on.
    private static func isHopByHop(_ kind: FieldKind, _ direction: Direction) -> Bool {
        switch kind {
        case .connection, .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade, .http2Settings: true
        // In a response it has no meaning, and RFC 9111 §3.1 forbids to store it.
        case .proxyAuthorization: true
        case .proxyAuthenticate, .proxyAuthenticationInfo: direction == .response
        default: false
        }
    }

    /// Fields that a `Connection` option may not remove, by their lower-case names.
    ///
    /// RFC 9110 §7.6.1 forbids a sender to name a field that is meant for every recipient, and gives `Cache-Control` as the example; so such an option
    /// is void. Obeying it would let one side strip what the other depends on: framing and the target (`Host`, `Content-Length`), who is asking
    /// (`Authorization`, `Cookie`, the forwarding fields), what may be cached and for whom (`Cache-Control`, `Vary`, …), and what the bytes are.
    public static let guarded: Set<String> = [
        "age", "authorization", "cache-control", "cdn-cache-control", "cdn-loop", "content-encoding", "content-language", "content-length",
        "content-location", "content-range", "content-type", "cookie", "date", "etag", "expires", "forwarded", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location", "origin", "pragma", "range",
        "set-cookie", "vary", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    ]

    /// The fields that `Connection` names and may remove, in lower case.
    static func nominatedNames(_ fields: HTTPFields) -> [String] {
        var names: [String] = []
        for index in fields.indices where fields.kind(index) == .connection {
            fields[index].withUnsafeBytesOfValue { value in
                let text = value.span
                var options = ListCursor(0..<text.count)
                while let option = options.next(in: text) {
                    if text.matchesIgnoringCase(option, "close") || text.matchesIgnoringCase(option, "keep-alive") { continue }
                    let name = text.lowercasedString(option)
                    if !guarded.contains(name) { names.append(name) }
                }
            }
        }
        return names
    }
}
