// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

@testable import GyreTelemetry

/// Something that is waited for until a test opens it.
final class Gate: @unchecked Sendable {
    private let monitor = Monitor()
    private var isOpen = false
    private var arrivals = 0

    func open() {
        monitor.locked {
            isOpen = true
            monitor.broadcast()
        }
    }

    func pass() {
        monitor.locked {
            arrivals += 1
            monitor.broadcast()
            while !isOpen { monitor.wait() }
        }
    }

    /// Waits until somebody stands before the gate.
    func waitForArrival() -> Bool {
        monitor.locked { monitor.wait(withinMilliseconds: 60_000) { arrivals > 0 } }
    }
}

/// A target that stands still until its gate is opened.
final class StallingTarget: LogTarget {
    private let gate: Gate
    private let record: LogRecord

    init(_ gate: Gate, _ record: LogRecord) {
        self.gate = gate
        self.record = record
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        gate.pass()
        record.add(bytes)
    }

    func close() { record.add(event: "close") }
}

/// A target that fails as its script says: nil is a success, a number is how many bytes are written before the failure.
final class FailingTarget: LogTarget {
    private var script: [Int?]
    private let record: LogRecord

    init(_ script: [Int?], _ record: LogRecord) {
        self.script = script.reversed()
        self.record = record
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        if let written = script.popLast() ?? nil {
            record.add(UnsafeRawBufferPointer(rebasing: bytes.prefix(written)))
            throw LogTargetError(.write, errorNumber: 28, writtenBytes: written)
        }
        record.add(bytes)
    }
}
