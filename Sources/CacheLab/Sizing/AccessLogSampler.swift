// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Learns how far apart the uses of objects are from the lines of an access log as they are written. Constant memory.
package struct AccessLogSampler: Sendable {
    package private(set) var distances: ReuseDistances
    /// Lines that were requests a cache may answer.
    package private(set) var requests = 0
    /// Lines that were others.
    package private(set) var skipped = 0
    package private(set) var unreadable = 0
    private var parser: LineParser

    /// - Parameter format: Of the log.
    package init(format: TraceFormat, objectsMax: Int = 8192) {
        distances = ReuseDistances(objectsMax: objectsMax)
        parser = LineParser(format: format)
    }

    /// Takes whole lines.
    package mutating func add(_ lines: UnsafeRawBufferPointer) {
        var start = 0
        while start < lines.count {
            let rest = UnsafeRawBufferPointer(rebasing: lines[start...])
            let length = rest.firstByte(UInt8(ascii: "\n")) ?? rest.count
            start += length + 1
            switch parser.parse(UnsafeRawBufferPointer(rebasing: rest[..<length])) {
            case .request(_, let object, let bytes):
                requests += 1
                distances.request(object, bytes: max(1, bytes))
            case .skipped: skipped += 1
            case .unreadable: unreadable += 1
            }
        }
    }
}
