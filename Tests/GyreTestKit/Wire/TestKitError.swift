// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the test kit itself may complain about. The raw value is short enough to stand in a failed expectation.
public enum TestKitError: String, Error, Sendable, CustomStringConvertible {
    /// The peer sent nothing for the time allowed.
    case timedOut = "timed-out"
    /// The connection ended inside a message.
    case closedEarly = "closed-early"
    /// A status line or request line that is none.
    case badStartLine = "bad-start-line"
    /// A field line without a name or colon, folded, or with a stray byte.
    case badFieldLine = "bad-field-line"
    /// A line that ends in LF alone.
    case bareLineFeed = "bare-lf"
    /// A head beyond ``TestKitLimits/maxHeadBytes``.
    case headTooLarge = "head-too-large"
    /// `Content-Length` that is no number, or two that differ.
    case badLength = "bad-length"
    /// `Content-Length` together with `Transfer-Encoding`.
    case bothLengthAndEncoding = "both-length-and-encoding"
    /// A transfer coding other than `chunked`.
    case unknownEncoding = "unknown-encoding"
    /// A chunk whose size or end is wrong.
    case badChunk = "bad-chunk"
    /// A body larger than a test may collect.
    case bodyTooLarge = "body-too-large"
    /// The operating system refused something the kit needs.
    case systemRefused = "system-refused"

    /// The text for people.
    public var description: String { rawValue }
}

/// The limits of the test kit, so that a broken server cannot fill a test's memory.
public enum TestKitLimits {
    /// Start line and fields together, in bytes.
    public static let maxHeadBytes = 1 << 20
    /// A chunk-size line, in bytes.
    public static let maxChunkLineBytes = 4096
    /// A body that is collected as a whole, in bytes. Read larger ones piece by piece.
    public static let maxCollectedBytes = 256 << 20
    /// How long a read waits unless told otherwise.
    public static let readTimeout = Duration.seconds(120)
    /// Bytes written at a time from a generated body.
    static let pieceBytes = 64 << 10
}
