// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the content of a request is delimited (RFC 9112 §6.3). The content begins right after the head.
public enum BodyFraming: Sendable, Hashable {
    /// There is none: neither `Content-Length` nor `Transfer-Encoding`.
    case none
    /// Exactly this many bytes. `Content-Length: 0` is `.length(0)` and not ``none``, so that it can be passed on.
    case length(UInt64)
    /// Chunks: ``ChunkedDecoder`` finds the end.
    case chunked

    /// Whether any byte of content or of chunk framing follows the head.
    @inlinable
    public var hasBody: Bool {
        switch self {
        case .none, .length(0): false
        case .length, .chunked: true
        }
    }
}
