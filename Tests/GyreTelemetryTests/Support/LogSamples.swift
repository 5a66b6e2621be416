// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

@testable import GyreTelemetry

/// Entries for tests. Words in them are never given back.
enum LogSamples {
    static let timestampMilliseconds: Int64 = 1_795_429_950_123

    static var full: AccessLogEntry {
        var entry = AccessLogEntry()
        entry.clientAddress = LogWord("192.0.2.7").bytes
        entry.method = LogWord("GET").bytes
        entry.target = LogWord("/a.css?v=1").bytes
        entry.host = LogWord("www.example.org").bytes
        entry.referer = LogWord("http://example.org/").bytes
        entry.userAgent = LogWord("curl/7.88.1").bytes
        entry.cacheWord = LogWord("hit").bytes
        entry.reasonWord = LogWord("fresh").bytes
        entry.status = 200
        entry.bodyBytesSent = 5120
        entry.servedFrom = .memory
        entry.durationMicroseconds = 412
        entry.timestampMilliseconds = timestampMilliseconds
        return entry
    }

    static func target(_ target: String) -> AccessLogEntry {
        var entry = full
        entry.target = LogWord(target).bytes
        return entry
    }

    /// What an entry looks like, by way of a writer.
    static func text(_ entries: [AccessLogEntry], _ layout: AccessLogLayout) -> String {
        let record = LogRecord()
        let writer = AccessLogWriter(target: RecordingTarget(record))
        let buffer = AccessLogBuffer(writer: writer, layout: layout)
        for entry in entries { buffer.append(entry) }
        buffer.flush()
        guard writer.close(withinMilliseconds: 60_000) else { return "not closed in time" }
        return record.text
    }

    static func text(_ entry: AccessLogEntry, _ layout: AccessLogLayout) -> String { text([entry], layout) }

    /// The same without a thread, for tests of thousands of lines. The entry's slices need to be good during the call only.
    static func line(_ entry: AccessLogEntry, _ layout: AccessLogLayout) -> String {
        let time = LogTimeText(layout)
        time.set(entry.timestampMilliseconds)
        let block = LogBlock(capacity: TelemetryLimits.maxLineBytes)
        var line = block.cursor
        switch layout {
        case .combined: CombinedFormat.write(entry, time: time, &line)
        case .json: JSONFormat.write(entry, time: time, &line)
        }
        block.commitLine(line)
        return String(decoding: block.bytes, as: UTF8.self)
    }
}

/// What a log's target was given. Shared with the test, while the target itself belongs to the writer.
final class LogRecord: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var events: [String] = []
    }

    private let state = Mutex(State())

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
    var events: [String] { state.withLock { $0.events } }

    func add(_ bytes: UnsafeRawBufferPointer) {
        state.withLock { $0.bytes.append(contentsOf: bytes) }
    }

    func add(event: String) {
        state.withLock { $0.events.append(event) }
    }
}

/// A target that keeps what it gets.
final class RecordingTarget: LogTarget {
    private let record: LogRecord
    init(_ record: LogRecord) { self.record = record }

    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) { record.add(bytes) }
    func reopen() throws(LogTargetError) { record.add(event: "reopen") }
    func close() { record.add(event: "close") }
}
