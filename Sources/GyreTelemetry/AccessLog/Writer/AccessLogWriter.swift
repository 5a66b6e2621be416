// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Writes the access log on a thread of its own.
///
/// The loops hand over blocks of lines; the thread gives them to a ``LogTarget``. Memory is bounded by the number of blocks. A target that is slow or stands still
/// costs lines, which are counted, and never makes a loop wait; one that fails costs the lines it was given, and is tried again with the next.
///
/// The thread and the writer live until ``close(withinMilliseconds:)``.
public final class AccessLogWriter: @unchecked Sendable {
    // Unchecked: `queue` and `isFinished` are touched only under the monitor, `target` only by the writer thread.
    /// Whether lines go nowhere. Then nothing is formatted.
    let discardsLines: Bool

    private let monitor = Monitor()
    private var queue: LogQueue
    private var isFinished = false
    private let target: any LogTarget
    private let counters = CounterBank(count: AccessLogStatistics.counterCount)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - target: Where the lines go. From here on it is used by the writer thread alone.
    ///   - blockBytes: Bytes of a block; never less than the longest line needs.
    ///   - blocks: The most blocks there are. Each loop needs one to fill, so give it several more than there are loops.
    public init(
        target: sending any LogTarget,
        blockBytes: Int = TelemetryLimits.logBlockBytes,
        blocks: Int = TelemetryLimits.logBlocks
    ) {
        self.target = target
        discardsLines = target.discardsLines
        queue = LogQueue(blockBytes: blockBytes, maxBlocks: blocks)
        guard !discardsLines, startDetachedThread({ [self] in work() }) else {
            // Without a thread nobody would empty the queue: be closed from the start, and count what is dropped.
            queue.close()
            isFinished = true
            return
        }
    }

    /// Asks the target to open its file anew, as after a rotation. Lines handed over from now on go to the new file.
    public func requestReopen() {
        monitor.locked {
            queue.askReopen()
            monitor.broadcast()
        }
    }

    /// Waits until what was handed over before is written, or lost. What a loop still has in its ``AccessLogBuffer`` is not handed over.
    ///
    /// Blocks the calling thread: not for an event loop.
    /// - Returns: False when the time was up before.
    @discardableResult
    public func flush(withinMilliseconds limit: Int = TelemetryLimits.logCloseMilliseconds) -> Bool {
        monitor.locked {
            let wanted = queue.submitted
            return monitor.wait(withinMilliseconds: limit) { isFinished || queue.completed >= wanted && !queue.isReopenPending }
        }
    }

    /// Takes no more lines, writes those that wait, and closes the target.
    ///
    /// Blocks the calling thread. Flush the loops' buffers before. May be called again.
    /// - Returns: False when the time was up before: the target stands still, and its thread is left to itself.
    @discardableResult
    public func close(withinMilliseconds limit: Int = TelemetryLimits.logCloseMilliseconds) -> Bool {
        monitor.locked {
            queue.close()
            monitor.broadcast()
            return monitor.wait(withinMilliseconds: limit) { isFinished }
        }
    }

    /// What has been written and what has been lost, so far.
    public var statistics: AccessLogStatistics { AccessLogStatistics(counters) }

    /// Adds the statistics to a scrape.
    public func collect(into sink: inout MetricSink) { statistics.collect(into: &sink) }

    func takeBlock() -> Result<LogBlock, DroppedLine> {
        monitor.locked { queue.take() }
    }

    func submit(_ block: LogBlock) {
        do throws(DroppedLine) {
            try monitor.locked { () throws(DroppedLine) in
                try queue.submit(block)
                monitor.broadcast()
            }
        } catch {
            count(error, lines: block.lineCount)
        }
    }

    func count(_ reason: DroppedLine, lines: Int) {
        counters.addShared(AccessLogStatistics.dropped(reason), UInt64(clamping: lines))
    }

    private func work() {
        while true {
            let next = monitor.locked {
                while true {
                    let next = queue.next()
                    guard case .wait = next else { return next }
                    monitor.wait()
                }
            }
            switch next {
            case .reopen:
                reopen()
                monitor.locked {
                    queue.reopened()
                    monitor.broadcast()
                }
            case .write(let block):
                write(block)
                monitor.locked {
                    queue.complete(block)
                    monitor.broadcast()
                }
            case .wait: continue
            case .stop:
                target.close()
                monitor.locked {
                    isFinished = true
                    monitor.broadcast()
                }
                return
            }
        }
    }

    private func reopen() {
        do throws(LogTargetError) {
            try target.reopen()
        } catch {
            counters.addShared(AccessLogStatistics.failed(error.operation), 1)
        }
    }

    private func write(_ block: LogBlock) {
        do throws(LogTargetError) {
            try target.write(block.bytes)
            counters.addShared(AccessLogStatistics.lines, UInt64(block.lineCount))
            counters.addShared(AccessLogStatistics.bytes, UInt64(block.byteCount))
        } catch {
            // Some of the block may be in the log: what counts is whole lines.
            let written = min(max(0, error.writtenBytes), block.byteCount)
            let whole = block.bytes[..<written].count { $0 == UInt8(ascii: "\n") }
            counters.addShared(AccessLogStatistics.lines, UInt64(whole))
            counters.addShared(AccessLogStatistics.bytes, UInt64(written))
            count(.writeError, lines: block.lineCount - whole)
            counters.addShared(AccessLogStatistics.failed(error.operation), 1)
        }
    }
}
