// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreTelemetry

@Suite struct AccessLogWriterTests {
    static let patience = 60_000

    /// A line whose target is this word, flushed, so that it is in a block of its own.
    static func line(_ word: String, _ buffer: AccessLogBuffer) {
        buffer.append(LogSamples.target(word))
        buffer.flush()
    }

    static func words(_ record: LogRecord) -> [String] {
        record.text.split(separator: "\n").map { line in
            line.split(separator: " ").dropFirst(6).first.map(String.init) ?? "?"
        }
    }

    @Test func aStalledTargetCostsLinesAndNeverMakesALoopWait() {
        let (gate, record) = (Gate(), LogRecord())
        let writer = AccessLogWriter(target: StallingTarget(gate, record), blocks: 2)
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        Self.line("/1", buffer)
        #expect(gate.waitForArrival())
        Self.line("/2", buffer)
        for _ in 0..<3 { Self.line("/dropped", buffer) }
        #expect(writer.statistics.linesDropped == [.queueFull: 3, .writeError: 0, .closed: 0])
        #expect(writer.statistics.linesWritten == 0)
        #expect(!writer.flush(withinMilliseconds: 0))
        gate.open()
        #expect(writer.flush(withinMilliseconds: Self.patience))
        Self.line("/3", buffer)
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(Self.words(record) == ["/1", "/2", "/3"])
        #expect(writer.statistics.linesWritten == 3)
        #expect(writer.statistics.linesDropped[.queueFull] == 3)
        #expect(writer.statistics.bytesWritten == record.text.utf8.count)
    }

    @Test func closingDoesNotWaitForeverForAStalledTarget() {
        let (gate, record) = (Gate(), LogRecord())
        let writer = AccessLogWriter(target: StallingTarget(gate, record))
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        Self.line("/1", buffer)
        #expect(!writer.close(withinMilliseconds: 0))
        gate.open()
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(Self.words(record) == ["/1"])
        #expect(record.events == ["close"])
    }

    @Test func linesAfterClosingAreDroppedAndCounted() {
        let record = LogRecord()
        let writer = AccessLogWriter(target: RecordingTarget(record))
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        buffer.append(LogSamples.target("/unflushed"))
        buffer.append(LogSamples.target("/unflushed"))
        #expect(writer.close(withinMilliseconds: Self.patience))
        buffer.flush()
        Self.line("/late", buffer)
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(record.text == "")
        #expect(writer.statistics.linesDropped == [.queueFull: 0, .writeError: 0, .closed: 3])
    }

    @Test func aWriteErrorIsCountedAndStopsNothing() {
        let record = LogRecord()
        let lineBytes = LogSamples.line(LogSamples.target("/a"), .combined).utf8.count
        // A block is lost, one is good, one is cut in its second line, and the last is good.
        let writer = AccessLogWriter(target: FailingTarget([0, nil, lineBytes + 5, nil], record))
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        for word in ["/1", "/2", "/3", "/4"] {
            for _ in 0..<3 { buffer.append(LogSamples.target(word)) }
            buffer.flush()
        }
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(writer.statistics.linesWritten == 3 + 1 + 3)
        #expect(writer.statistics.linesDropped == [.queueFull: 0, .writeError: 3 + 2, .closed: 0])
        #expect(writer.statistics.errors == [.open: 0, .write: 2, .reopen: 0])
        #expect(writer.statistics.bytesWritten == 7 * lineBytes + 5)
        #expect(writer.statistics.bytesWritten == record.text.utf8.count)
    }

    @Test func fullBlocksAreHandedOverInOrderAndWhole() {
        let record = LogRecord()
        let writer = AccessLogWriter(target: RecordingTarget(record), blockBytes: 0, blocks: 100)
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        let count = 2000
        for number in 0..<count { buffer.append(LogSamples.target("/\(number)")) }
        buffer.flush()
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(Self.words(record) == (0..<count).map { "/\($0)" })
        #expect(writer.statistics.linesWritten == count)
        // More than one block, or nothing was shown.
        #expect(writer.statistics.bytesWritten > TelemetryLimits.maxLineBytes)
    }

    @Test func theLongestLinesFit() {
        func worst(_ count: Int) -> LogWord { LogWord(String(repeating: "\u{1}", count: count * 2)) }
        var entry = LogSamples.full
        entry.target = worst(TelemetryLimits.maxLoggedTargetBytes).bytes
        entry.referer = worst(TelemetryLimits.maxLoggedRefererBytes).bytes
        entry.userAgent = worst(TelemetryLimits.maxLoggedUserAgentBytes).bytes
        entry.host = worst(TelemetryLimits.maxLoggedHostBytes).bytes
        let word = worst(TelemetryLimits.maxLoggedWordBytes).bytes
        (entry.clientAddress, entry.method, entry.cacheWord, entry.reasonWord) = (word, word, word, word)
        entry.httpMinorVersion = .max
        (entry.status, entry.bodyBytesSent, entry.durationMicroseconds, entry.originDurationMicroseconds) = (.min, .min, .min, .min)
        for layout in AccessLogLayout.allCases {
            let record = LogRecord()
            let writer = AccessLogWriter(target: RecordingTarget(record), blockBytes: 0)
            let buffer = AccessLogBuffer(writer: writer, layout: layout)
            for _ in 0..<3 { buffer.append(entry) }
            buffer.flush()
            #expect(writer.close(withinMilliseconds: Self.patience))
            let lines = record.text.split(separator: "\n")
            #expect(lines.count == 3)
            for line in lines { #expect(line.utf8.count < TelemetryLimits.maxLineBytes) }
        }
    }

    @Test func severalLoopsShareAWriter() async {
        let record = LogRecord()
        let writer = AccessLogWriter(target: RecordingTarget(record), blockBytes: 0, blocks: 64)
        await withTaskGroup(of: Void.self) { group in
            for loop in 0..<4 {
                group.addTask {
                    let buffer = AccessLogBuffer(writer: writer, layout: .combined)
                    for number in 0..<500 { buffer.append(LogSamples.target("/\(loop)/\(number)")) }
                    // The rest is handed over when the buffer goes.
                }
            }
        }
        #expect(writer.close(withinMilliseconds: Self.patience))
        let words = Self.words(record)
        for loop in 0..<4 { #expect(words.filter { $0.hasPrefix("/\(loop)/") } == (0..<500).map { "/\(loop)/\($0)" }) }
        #expect(words.count == 2000)
    }

    @Test func withoutATargetNothingIsWrittenOrCounted() {
        let writer = AccessLogWriter(target: NoLogTarget())
        let buffer = AccessLogBuffer(writer: writer, layout: .json)
        Self.line("/1", buffer)
        writer.requestReopen()
        #expect(writer.flush(withinMilliseconds: 0))
        #expect(writer.close(withinMilliseconds: 0))
        #expect(writer.statistics.linesWritten == 0)
        #expect(writer.statistics.linesDropped == [.queueFull: 0, .writeError: 0, .closed: 0])
    }

    @Test func theStatisticsAreOnTheMetricsPage() {
        let registry = PrometheusRegistry()
        let writer = AccessLogWriter(target: FailingTarget([0], LogRecord()))
        registry.registerCollector { writer.collect(into: &$0) }
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        Self.line("/lost", buffer)
        Self.line("/kept", buffer)
        #expect(writer.close(withinMilliseconds: Self.patience))
        Self.line("/late", buffer)
        #expect(
            PrometheusRegistryTests.own(registry)
                == """
                # HELP gyre_access_log_bytes_total Bytes written to the access log
                # TYPE gyre_access_log_bytes_total counter
                gyre_access_log_bytes_total \(writer.statistics.bytesWritten)
                # HELP gyre_access_log_dropped_lines_total Lines that the access log lacks, by reason
                # TYPE gyre_access_log_dropped_lines_total counter
                gyre_access_log_dropped_lines_total{reason="closed"} 1
                gyre_access_log_dropped_lines_total{reason="queue-full"} 0
                gyre_access_log_dropped_lines_total{reason="write-error"} 1
                # HELP gyre_access_log_errors_total Operations on the access log's target that failed, by operation
                # TYPE gyre_access_log_errors_total counter
                gyre_access_log_errors_total{operation="open"} 0
                gyre_access_log_errors_total{operation="reopen"} 0
                gyre_access_log_errors_total{operation="write"} 1
                # HELP gyre_access_log_lines_total Lines written to the access log
                # TYPE gyre_access_log_lines_total counter
                gyre_access_log_lines_total 1

                """
        )
    }
}
