// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// An http or https URI as a cache uses it: absolute, without fragment, host in lower case, default port left out (RFC 9110 §4.2).
public struct TargetURI: Sendable, Hashable {
    /// `http` or `https`.
    public let scheme: Scheme
    /// The host in lower case; an IPv6 address in its brackets.
    public let host: [UInt8]
    /// The port where it is not the scheme's own.
    public let port: UInt16?
    /// The path, beginning with a slash, and the query with its question mark, as given.
    public let pathAndQuery: [UInt8]

    /// The schemes a cache serves.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// `http`
        case http
        /// `https`
        case https

        var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    init(scheme: Scheme, host: [UInt8], port: UInt16?, pathAndQuery: [UInt8]) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.pathAndQuery = pathAndQuery
    }

    /// A URI from the parts of a request; `nil` when one of them is none.
    ///
    /// - Parameters:
    ///   - scheme: the scheme of the connection or of the absolute-form.
    ///   - authority: the host and port, as in `Host`.
    ///   - target: the path and query (RFC 9112 §3.2.1).
    public init?(scheme: Scheme, authority: String, target: String) {
        let authority = authority.utf8.span
        let target = target.utf8.span
        self.init(scheme: scheme, authority: authority, target: target)
    }

    /// A URI from the parts of a request, as bytes; `nil` when one of them is none.
    public init?(scheme: Scheme, authority: Span<UInt8>, target: Span<UInt8>) {
        guard let (host, port) = Self.split(authority, 0..<authority.count, scheme), target.count > 0, target[0] == ASCII.slash,
            Self.isText(target, 0..<target.count)
        else { return nil }
        let end = target.firstIndex(of: ASCII.hash, from: 0) ?? target.count
        self.init(scheme: scheme, host: host, port: port, pathAndQuery: target.copied(0..<end))
    }

    /// The same, which keeps the target itself where it has no fragment.
    package init?(scheme: Scheme, authority: Span<UInt8>, target: [UInt8]) {
        guard !target.contains(ASCII.hash) else {
            self.init(scheme: scheme, authority: authority, target: target.span)
            return
        }
        guard target.first == ASCII.slash, Self.isText(target.span, 0..<target.count),
            let (host, port) = Self.split(authority, 0..<authority.count, scheme)
        else { return nil }
        self.init(scheme: scheme, host: host, port: port, pathAndQuery: target)
    }

    /// Reads an absolute URI; `nil` when it is no http or https URI with a host.
    public init?(_ text: String) {
        guard let uri = URIReference(text.utf8.span)?.absolute else { return nil }
        self = uri
    }

    /// Whether two URIs have the same origin (RFC 9110 §4.3.1).
    public func hasSameOrigin(as other: TargetURI) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// The same under http, where it is asked for in clear text: `https://a/` and `https://a:443/` are `http://a/`.
    public var inClearText: TargetURI { TargetURI(scheme: .http, host: host, port: port == 80 ? nil : port, pathAndQuery: pathAndQuery) }

    /// The same under https.
    public var secured: TargetURI { TargetURI(scheme: .https, host: host, port: port == 443 ? nil : port, pathAndQuery: pathAndQuery) }

    /// The scheme, host and port as text, for grouping what belongs to one origin.
    public var originBytes: [UInt8] {
        var bytes: [UInt8] = []
        appendOrigin(to: &bytes)
        return bytes
    }

    /// Appends the whole URI. Cost: room is made at most once.
    package func append(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + Self.maxFrameBytes + host.count + pathAndQuery.count)
        appendOrigin(to: &bytes)
        bytes.append(contentsOf: pathAndQuery)
    }

    /// `https://` and a port.
    private static let maxFrameBytes = 14

    private func appendOrigin(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + Self.maxFrameBytes + host.count)
        bytes.append(contentsOf: (scheme == .http ? "http" : "https").utf8)
        bytes.append(contentsOf: "://".utf8)
        bytes.append(contentsOf: host)
        if let port {
            bytes.append(ASCII.colon)
            ASCII.appendDecimal(UInt64(port), to: &bytes)
        }
    }

    /// The same with path and query by rule: what is keyed, and what the origin is to be asked for.
    ///
    /// Cost: none for a path that is in its normal form already, which most are.
    package func normalized(_ rules: CacheKeyRules) -> TargetURI {
        CacheKey.isNormal(pathAndQuery, by: rules)
            ? self : TargetURI(scheme: scheme, host: host, port: port, pathAndQuery: CacheKey.target(of: self, rules: rules))
    }

    /// The host, and the port where it is not the scheme's own: as in `Host`.
    public var authorityBytes: [UInt8] { Array(originBytes.dropFirst(scheme.rawValue.utf8.count + 3)) }

    /// Splits an authority into host and port; `nil` with user information (RFC 9110 §4.2.4), without a host, or with a port that is none.
    static func split(_ text: Span<UInt8>, _ range: Range<Int>, _ scheme: Scheme) -> (host: [UInt8], port: UInt16?)? {
        guard !range.isEmpty else { return nil }
        var hostEnd = range.upperBound
        if text[range.lowerBound] == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]"), from: range.lowerBound), bracket < range.upperBound else {
                return nil
            }
            hostEnd = bracket + 1
        } else if let colon = text.firstIndex(of: ASCII.colon, from: range.lowerBound), colon < range.upperBound {
            hostEnd = colon
        }
        var host: [UInt8] = []
        host.reserveCapacity(hostEnd - range.lowerBound)
        for index in range.lowerBound..<hostEnd {
            let byte = text[index]
            guard byte > ASCII.space, byte < 0x7F, byte != ASCII.at, byte != ASCII.slash, byte != ASCII.question, byte != ASCII.hash else {
                return nil
            }
            host.append(ASCII.lowercased(byte))
        }
        guard !host.isEmpty, hostEnd - range.lowerBound != 2 || host[0] != UInt8(ascii: "[") else { return nil }
        guard hostEnd < range.upperBound else { return (host, nil) }
        guard text[hostEnd] == ASCII.colon else { return nil }
        if hostEnd + 1 == range.upperBound { return (host, nil) }
        guard let value = text.decimal(hostEnd + 1..<range.upperBound), let port = UInt16(exactly: value) else { return nil }
        return (host, port == scheme.defaultPort ? nil : port)
    }

    /// Whether nothing in a range ends a line or a word.
    static func isText(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range where text[index] <= ASCII.space || text[index] == 0x7F { return false }
        return true
    }
}
