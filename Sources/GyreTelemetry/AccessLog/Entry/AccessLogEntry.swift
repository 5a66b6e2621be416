// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where the body of an answer came from.
public enum ServedFrom: Sendable, Hashable, CaseIterable {
    /// An object in memory.
    case memory
    /// An object on disk, or in a membuf on its way there.
    case disk
    /// The origin.
    case origin
    /// Nowhere: Gyre made the answer itself, or there was none.
    case none

    /// The word in the log.
    public var word: String {
        switch self {
        case .memory: "memory"
        case .disk: "disk"
        case .origin: "origin"
        case .none: "-"
        }
    }
}

/// One request, as the access log sees it.
///
/// The slices point into memory of the caller's and are read during ``AccessLogBuffer/append(_:)`` alone; nothing is kept. An empty slice means that there
/// is none. What a peer sent may stand here as it came: the layouts escape it.
public struct AccessLogEntry {
    /// The client's address as text, without a port.
    public var clientAddress = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The method. None when the request line was refused.
    public var method = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The request target as it was received.
    public var target = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The value of `Host`.
    public var host = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The value of `Referer`.
    public var referer = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The value of `User-Agent`.
    public var userAgent = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What the cache did, in one word: `hit`, `miss`, `stale`.
    public var cacheWord = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Why, in one word: the same as the detail in `Cache-Status`.
    public var reasonWord = UnsafeRawBufferPointer(start: nil, count: 0)

    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    public var httpMinorVersion: UInt8 = 1
    /// The status that was sent; 0 when none was.
    public var status = 0
    /// Bytes of the body that were sent.
    public var bodyBytesSent = 0
    /// Where the body came from.
    public var servedFrom = ServedFrom.none
    /// Microseconds from the end of the request's head to the last byte of the answer.
    public var durationMicroseconds = 0
    /// Microseconds that the origin took, to the end of its answer; nil when it was not asked.
    public var originDurationMicroseconds: Int?
    /// When the request's head was complete: milliseconds since 1970-01-01 00:00 UTC.
    public var timestampMilliseconds: Int64 = 0

    /// Makes an entry in which there is nothing.
    public init() {}
}
