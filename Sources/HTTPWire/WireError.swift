// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why bytes from a peer were refused.
///
/// The raw value is the stable short name: the same word stands in the access log, in the metrics and in `Cache-Status`.
/// After any of these the connection must be closed, because where the next message begins is not known.
public enum WireError: String, Error, Sendable, CaseIterable {
    // The start line.

    /// More than one empty line before a request (RFC 9112 §2.2 allows for one).
    case emptyRequestLine = "empty-request-line"
    /// A request line that is not three parts with one space between them (RFC 9112 §3).
    case badRequestLine = "bad-request-line"
    /// A request line above ``WireLimits/maxRequestLineBytes``.
    case requestLineTooLong = "request-line-too-long"
    /// A method that is not a token (RFC 9110 §9.1).
    case badMethod = "bad-method"
    /// A method above ``WireLimits/maxMethodBytes``.
    case methodTooLong = "method-too-long"
    /// A request target with bytes that no form of it allows (RFC 9112 §3.2).
    case badTarget = "bad-target"
    /// A `%` in the path without two hexadecimal digits after it (RFC 3986 §2.1).
    case badPercentEncoding = "bad-percent-encoding"
    /// A target form that does not go with the method: `*` without OPTIONS, or CONNECT with anything but `host:port` (RFC 9112 §3.2).
    case targetFormMismatch = "target-form-mismatch"
    /// An absolute target whose scheme is neither `http` nor `https`.
    case unsupportedScheme = "unsupported-scheme"
    /// An authority in the target that is not `host` or `host:port` (RFC 3986 §3.2, RFC 9110 §4.2.4).
    case badAuthority = "bad-authority"
    /// A protocol version that is not `HTTP/` digit `.` digit (RFC 9112 §2.3).
    case badVersion = "bad-version"
    /// A major version other than 1.
    case unsupportedVersion = "unsupported-version"
    /// A status line that is not version, space, three digits, space, reason (RFC 9112 §4).
    case badStatusLine = "bad-status-line"
    /// A status outside 100...599 (RFC 9110 §15).
    case badStatus = "bad-status"
    /// A status line above ``WireLimits/maxRequestLineBytes``.
    case statusLineTooLong = "status-line-too-long"

    // Lines and fields.

    /// A line that ends with LF alone (RFC 9112 §2.2).
    case bareLF = "bare-lf"
    /// A CR that no LF follows (RFC 9112 §2.2).
    case bareCR = "bare-cr"
    /// A field line that begins with a space or a tab (RFC 9112 §5.2, and §2.2 for the first one).
    case obsFold = "obs-fold"
    /// Whitespace between a field name and its colon (RFC 9112 §5.1).
    case spaceBeforeColon = "space-before-colon"
    /// A field line that begins with its colon (RFC 9110 §5.1).
    case emptyFieldName = "empty-field-name"
    /// A field name that is not a token (RFC 9110 §5.1).
    case badFieldName = "bad-field-name"
    /// A field line without a colon (RFC 9112 §5).
    case missingColon = "missing-colon"
    /// A NUL in a field value (RFC 9110 §5.5).
    case nulByte = "nul-byte"
    /// Another control character in a field value or in a reason phrase (RFC 9110 §5.5).
    case controlCharacter = "control-character"
    /// A head above ``WireLimits/maxHeadBytes``.
    case headTooLarge = "head-too-large"
    /// More field lines than ``WireLimits/maxFieldCount``.
    case tooManyFields = "too-many-fields"

    // Host and the other fields that steer the message.

    /// HTTP/1.1 without `Host` (RFC 9112 §3.2).
    case missingHost = "missing-host"
    /// More than one `Host` (RFC 9112 §3.2).
    case severalHosts = "several-hosts"
    /// A `Host` that is empty or not `host` or `host:port` (RFC 9112 §3.2).
    case badHost = "bad-host"
    /// An absolute target or a CONNECT target that names another host than `Host` does (RFC 9112 §3.2.2).
    case hostMismatch = "host-mismatch"
    /// A `Connection` that is not a list of tokens (RFC 9110 §7.6.1).
    case badConnection = "bad-connection"
    /// An `Expect` other than `100-continue` (RFC 9110 §10.1.1).
    case unknownExpectation = "unknown-expectation"

    // Framing.

    /// Both `Content-Length` and `Transfer-Encoding` (RFC 9112 §6.3).
    case bothLengthAndEncoding = "both-length-and-encoding"
    /// A `Content-Length` that is not a decimal number of at most 63 bits; a list is none (RFC 9110 §8.6).
    case badContentLength = "bad-content-length"
    /// More than one `Content-Length`, equal or not (RFC 9112 §6.3).
    case repeatedContentLength = "repeated-content-length"
    /// A `Transfer-Encoding` that is malformed, or does not end with exactly one `chunked` (RFC 9112 §6.1, §6.3).
    case badTransferEncoding = "bad-transfer-encoding"
    /// A well-formed `Transfer-Encoding` with a coding besides `chunked` (RFC 9112 §6.1).
    case unknownTransferCoding = "unknown-transfer-coding"
    /// `Transfer-Encoding` in an HTTP/1.0 message (RFC 9112 §6.1).
    case encodingInHTTP10 = "encoding-in-http10"
    /// Content announced by a request whose method has none: CONNECT, TRACE (RFC 9110 §9.3.6, §9.3.8).
    case contentNotAllowed = "content-not-allowed"

    // Chunks and trailers.

    /// A chunk size that is not 1 to 16 hexadecimal digits (RFC 9112 §7.1).
    case badChunkSize = "bad-chunk-size"
    /// A chunk extension that breaks its grammar (RFC 9112 §7.1.1).
    case badChunkExtension = "bad-chunk-extension"
    /// A chunk line above ``WireLimits/maxChunkLineBytes``.
    case chunkLineTooLong = "chunk-line-too-long"
    /// More chunk framing than the data pays for: ``WireLimits/maxChunkOverheadBytes``.
    case chunkOverhead = "chunk-overhead"
    /// Chunk data that no CRLF follows (RFC 9112 §7.1).
    case badChunkEnd = "bad-chunk-end"
    /// A trailer field that would change framing, routing or the meaning of the message (RFC 9110 §6.5.1).
    case forbiddenTrailer = "forbidden-trailer"
    /// A trailer section above ``WireLimits/maxTrailerBytes``.
    case trailersTooLarge = "trailers-too-large"
    /// More trailer lines than ``WireLimits/maxTrailerFieldCount``.
    case tooManyTrailers = "too-many-trailers"

    /// The status to answer a request with. The proxy answers 502 instead when the bytes came from an origin.
    public var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .unknownExpectation: 417
        case .headTooLarge, .tooManyFields, .trailersTooLarge, .tooManyTrailers: 431
        case .methodTooLong, .unknownTransferCoding: 501
        case .unsupportedVersion: 505
        case .badStatusLine, .badStatus, .statusLineTooLong: 502
        default: 400
        }
    }
}
