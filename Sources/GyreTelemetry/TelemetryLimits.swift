// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Every limit of this module, in one place. How they relate is checked by a test.
public enum TelemetryLimits {
    /// Series, that is different label combinations, that one registry holds, and that one scrape shows. One more is dropped and counted.
    /// A histogram is one series, though it takes some twenty lines.
    public static let maxSeries = 4096

    /// Bytes of one access log block: what is handed to the writer thread at once.
    public static let logBlockBytes = 128 * 1024
    /// Blocks of one access log writer, those being filled included. With all of them waiting, lines are dropped and counted.
    public static let logBlocks = 32
    /// Milliseconds that ``AccessLogWriter/close(withinMilliseconds:)`` waits unless told otherwise.
    public static let logCloseMilliseconds = 2000

    /// Bytes of a request target that an access log line keeps; what is cut ends in `...`. The same for the fields below.
    public static let maxLoggedTargetBytes = 8192
    /// Bytes of a referer.
    public static let maxLoggedRefererBytes = 2048
    /// Bytes of a user agent.
    public static let maxLoggedUserAgentBytes = 1024
    /// Bytes of a host.
    public static let maxLoggedHostBytes = 256
    /// Bytes of a client address, a method, a cache word or a reason.
    public static let maxLoggedWordBytes = 64

    /// Bytes that one byte of a field can become: `\u00HH` in JSON.
    static let maxEscapeBytes = 6
    /// Bytes of a line besides its escaped fields: names, quotes, numbers, times.
    static let maxLineFrameBytes = 640
    /// Bytes of the longest possible line. An empty block has room for it.
    static let maxLineBytes =
        maxLineFrameBytes + maxEscapeBytes
        * (maxLoggedTargetBytes + maxLoggedRefererBytes + maxLoggedUserAgentBytes + maxLoggedHostBytes + 4 * maxLoggedWordBytes)
}
