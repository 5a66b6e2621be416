// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the content of a response is delimited (RFC 9112 §6.3). The content begins right after the head.
public enum ResponseFraming: Sendable, Hashable {
    /// There is none: an answer to HEAD, a 1xx, 204 or 304, or a 2xx to CONNECT (after which the tunnel begins).
    case none
    /// Exactly this many bytes. An earlier end means that the response is incomplete.
    case length(UInt64)
    /// Chunks: ``ChunkedDecoder`` finds the end.
    case chunked
    /// Everything until the connection closes. Whether it is complete cannot be known.
    case untilClose
}
