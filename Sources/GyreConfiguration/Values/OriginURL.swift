// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The site behind the cache: `http://127.0.0.1:9000`, `https://www.example.org`.
///
/// A scheme, a host and a port, and nothing else: the path and query of each request are the client's own, and a password here would be
/// shown by every page that shows settings.
public struct OriginURL: Sendable, Hashable {
    /// How the origin is spoken to.
    public enum Scheme: String, Sendable, CaseIterable {
        /// Clear text.
        case http
        /// TLS.
        case https

        /// The port that is meant when none is written (RFC 9110 §4.2).
        public var defaultPort: Int {
            self == .http ? 80 : 443
        }
    }

    /// How the origin is spoken to.
    public let scheme: Scheme
    /// The name or address, in lower case and without brackets.
    public let host: String
    /// The port, 1 to 65535.
    public let port: Int

    /// A URL from its parts. Nothing is checked; `init(parsing:)` checks.
    public init(scheme: Scheme, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Reads a URL (RFC 3986 §3). Throws `.malformed`, with the part at fault.
    public init(parsing text: String) throws(ValueRefusal) {
        let lowercased = text.lowercased()
        guard let scheme = Scheme.allCases.first(where: { lowercased.hasPrefix("\($0)://") }) else {
            if text.contains("://") { throw .malformed(because: "its scheme is neither http nor https") }
            let url = try? OriginURL(parsing: "http://\(text)")
            throw .malformed(because: "it has no scheme", suggestion: url?.description)
        }
        let rest = text.dropFirst("\(scheme)://".count)
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...]
        if authority.contains("@") { throw .malformed(because: "it has a user name") }
        if tail.contains("?") { throw .malformed(because: "it has a query") }
        if tail.contains("#") { throw .malformed(because: "it has a fragment") }
        guard tail.isEmpty || tail == "/" else {
            throw .malformed(because: "it has a path", suggestion: (try? OriginURL(parsing: "\(scheme)://\(authority)"))?.description)
        }
        guard let parts = HostSyntax.split(authority) else { throw .malformed(because: "its host and port cannot be told apart") }
        let host = parts.isBracketed ? HostSyntax.ipv6(parts.host, allowZone: false) : HostSyntax.nameOrIPv4(parts.host)
        guard let host else { throw .malformed(because: "its host is neither a name nor an address") }
        self.scheme = scheme
        self.host = host
        if let portText = parts.port {
            guard let port = HostSyntax.port(portText), port > 0 else {
                throw .malformed(because: "its port is not a number from 1 to 65535")
            }
            self.port = port
        } else {
            port = scheme.defaultPort
        }
    }

    /// The host, and the port where it is not the scheme's own: what a `Host` field to this origin says (RFC 9110 §7.2).
    public var authority: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? bracketed : "\(bracketed):\(port)"
    }
}

extension OriginURL: CustomStringConvertible {
    /// The URL in its normal form; reading it gives the same URL again.
    public var description: String {
        "\(scheme)://\(authority)"
    }
}
