// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The four forms of a request target (RFC 9112 §3.2).
public enum TargetForm: UInt8, Sendable, CaseIterable {
    /// `/path?query`, as sent to an origin or to a reverse proxy.
    case origin
    /// `http://host/path?query`, as sent to a forward proxy.
    case absolute
    /// `host:port`, with CONNECT only.
    case authority
    /// `*`, with OPTIONS only.
    case asterisk
}

/// The scheme of an absolute target.
public enum TargetScheme: UInt8, Sendable, CaseIterable {
    /// The target is not in absolute form: the connection it came by decides.
    case unstated
    /// `http`
    case http
    /// `https`
    case https

    /// The port that goes without saying; 0 for ``unstated``.
    @inlinable
    public var defaultPort: UInt16 {
        switch self {
        case .unstated: 0
        case .http: 80
        case .https: 443
        }
    }
}
