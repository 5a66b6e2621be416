// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How a line of the access log is laid out. The names are the words of the setting.
public enum AccessLogLayout: String, Sendable, CaseIterable {
    /// The combined log format of Apache httpd, with the cache's reason and the time taken after it.
    case combined
    /// One JSON object for each request.
    case json
}

/// The access log of one event loop: lines go into a block of memory, and full blocks to the ``AccessLogWriter``.
///
/// Not thread-safe: it belongs to its loop. A line costs its bytes once, no allocation and no lock; a block costs one short lock.
public final class AccessLogBuffer {
    private let writer: AccessLogWriter
    private let layout: AccessLogLayout
    private let time: LogTimeText
    private var block: LogBlock?

    /// Makes an empty buffer.
    public init(writer: AccessLogWriter, layout: AccessLogLayout) {
        self.writer = writer
        self.layout = layout
        time = LogTimeText(layout)
    }

    deinit { flush() }

    /// Adds a line. Never waits: when there is no block to write into, the line is dropped and counted.
    public func append(_ entry: AccessLogEntry) {
        guard !writer.discardsLines else { return }
        let needed = Self.bound(entry)
        if let full = block, full.room < needed {
            block = nil
            writer.submit(full)
        }
        guard let current = block ?? takeBlock() else { return }
        time.set(entry.timestampMilliseconds)
        var line = current.cursor
        switch layout {
        case .combined: CombinedFormat.write(entry, time: time, &line)
        case .json: JSONFormat.write(entry, time: time, &line)
        }
        current.commitLine(line)
    }

    /// Hands over what is there, however little. The loop calls this at regular times, so that lines show up while little happens.
    public func flush() {
        guard let filled = block else { return }
        block = nil
        writer.submit(filled)
    }

    private func takeBlock() -> LogBlock? {
        switch writer.takeBlock() {
        case .success(let taken): block = taken
        case .failure(let reason): writer.count(reason, lines: 1)
        }
        return block
    }

    /// Bytes that the line can at most have.
    @inline(__always)
    private static func bound(_ entry: AccessLogEntry) -> Int {
        @inline(__always) func kept(_ bytes: UnsafeRawBufferPointer, _ limit: Int) -> Int { min(bytes.count, limit) }
        let word = TelemetryLimits.maxLoggedWordBytes
        let fields =
            kept(entry.clientAddress, word) + kept(entry.method, word) + kept(entry.cacheWord, word) + kept(entry.reasonWord, word)
            + kept(entry.target, TelemetryLimits.maxLoggedTargetBytes) + kept(entry.host, TelemetryLimits.maxLoggedHostBytes)
            + kept(entry.referer, TelemetryLimits.maxLoggedRefererBytes) + kept(entry.userAgent, TelemetryLimits.maxLoggedUserAgentBytes)
        return TelemetryLimits.maxLineFrameBytes + TelemetryLimits.maxEscapeBytes * fields
    }
}
