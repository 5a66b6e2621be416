// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a peer may send. Every limit of the wire code stands here.
///
/// A value out of range is moved to the nearest allowed one by ``init(maxRequestLineBytes:maxHeadBytes:maxFieldCount:maxMethodBytes:maxChunkLineBytes:maxChunkOverheadBytes:maxTrailerBytes:maxTrailerFieldCount:)``,
/// so that no combination can make a parser trap or loop. ``isConsistent`` tells how they relate.
public struct WireLimits: Sendable, Equatable {
    /// The longest request line or status line in bytes, its CRLF included. RFC 9112 §3 asks for at least 8000.
    public var maxRequestLineBytes: Int
    /// The longest head in bytes: start line, fields and the empty line.
    public var maxHeadBytes: Int
    /// The most field lines in one head.
    public var maxFieldCount: Int
    /// The longest method in bytes. A longer one is answered with 501 (RFC 9112 §3).
    public var maxMethodBytes: Int
    /// The longest chunk-size line in bytes, its CRLF included. RFC 9112 §7.1.1 asks for a bound on extensions.
    public var maxChunkLineBytes: Int
    /// How many bytes of chunk framing a body may carry beyond what its data pays for.
    ///
    /// Every chunk pays for a line of ``chunkLineAllowanceBytes`` and one byte more for each ``chunkDataPerOverheadByte``
    /// bytes of data. So a stream of tiny chunks with long extensions ends, and a large body with a signature in each chunk does not.
    public var maxChunkOverheadBytes: Int
    /// The longest trailer section in bytes, its empty line included.
    public var maxTrailerBytes: Int
    /// The most field lines in one trailer section.
    public var maxTrailerFieldCount: Int

    /// The longest head the wire code can describe: offsets are 32 bits wide.
    public static let largestHeadBytes = 1 << 30
    /// The part of a chunk line that is free of charge. See ``maxChunkOverheadBytes``.
    public static let chunkLineAllowanceBytes = 18
    /// The bytes of data that pay for one byte of chunk framing. See ``maxChunkOverheadBytes``.
    public static let chunkDataPerOverheadByte = 16

    /// Makes limits; without arguments, the defaults that Gyre ships.
    public init(
        maxRequestLineBytes: Int = 16_384,
        maxHeadBytes: Int = 65_536,
        maxFieldCount: Int = 128,
        maxMethodBytes: Int = 32,
        maxChunkLineBytes: Int = 256,
        maxChunkOverheadBytes: Int = 16_384,
        maxTrailerBytes: Int = 16_384,
        maxTrailerFieldCount: Int = 64
    ) {
        func clamped(_ value: Int) -> Int { Swift.min(Swift.max(value, 1), Self.largestHeadBytes) }
        self.maxRequestLineBytes = clamped(maxRequestLineBytes)
        self.maxHeadBytes = clamped(maxHeadBytes)
        self.maxFieldCount = clamped(maxFieldCount)
        self.maxMethodBytes = clamped(maxMethodBytes)
        self.maxChunkLineBytes = clamped(maxChunkLineBytes)
        self.maxChunkOverheadBytes = clamped(maxChunkOverheadBytes)
        self.maxTrailerBytes = clamped(maxTrailerBytes)
        self.maxTrailerFieldCount = clamped(maxTrailerFieldCount)
    }

    /// Whether every limit can be reached: a request line fits into a head and a method into a request line.
    public var isConsistent: Bool {
        maxRequestLineBytes < maxHeadBytes && maxMethodBytes < maxRequestLineBytes && maxHeadBytes <= Self.largestHeadBytes
    }
}
