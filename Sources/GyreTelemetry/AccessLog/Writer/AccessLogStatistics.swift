// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What became of the lines of an access log.
public struct AccessLogStatistics: Sendable, Hashable {
    /// Whole lines written.
    public let linesWritten: Int
    /// Bytes written.
    public let bytesWritten: Int
    /// Lines that the log lacks. Every reason is in it.
    public let linesDropped: [DroppedLine: Int]
    /// Operations of the target that failed. Every operation is in it.
    public let errors: [LogTargetError.Operation: Int]

    static let lines = 0
    static let bytes = 1
    static let counterCount = 2 + DroppedLine.allCases.count + LogTargetError.Operation.allCases.count
    static func dropped(_ reason: DroppedLine) -> Int { 2 + reason.index }
    static func failed(_ operation: LogTargetError.Operation) -> Int { 2 + DroppedLine.allCases.count + operation.index }

    init(_ counters: borrowing CounterBank) {
        linesWritten = Int(clamping: counters.load(Self.lines))
        bytesWritten = Int(clamping: counters.load(Self.bytes))
        var dropped: [DroppedLine: Int] = [:]
        for reason in DroppedLine.allCases { dropped[reason] = Int(clamping: counters.load(Self.dropped(reason))) }
        linesDropped = dropped
        var failed: [LogTargetError.Operation: Int] = [:]
        for operation in LogTargetError.Operation.allCases { failed[operation] = Int(clamping: counters.load(Self.failed(operation))) }
        errors = failed
    }

    /// Adds the numbers to a scrape.
    public func collect(into sink: inout MetricSink) {
        sink.add(MetricsTable.logLines, value: linesWritten)
        sink.add(MetricsTable.logBytes, value: bytesWritten)
        for (reason, count) in linesDropped { sink.add(MetricsTable.logDropped, [reason.rawValue], value: count) }
        for (operation, count) in errors { sink.add(MetricsTable.logErrors, [operation.rawValue], value: count) }
    }
}
