// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The blocks of a log, and what the writer thread is to do next. A value without threads: an event goes in, an answer comes out.
///
/// The number of blocks is the bound of the queue. One that waits for the target is not free, so a stalled target leaves nothing to write into.
struct LogQueue {
    /// What the writer thread does next.
    enum Work {
        case reopen
        case write(LogBlock)
        /// Nothing now; wait until something changes.
        case wait
        /// Closed, and everything is done.
        case stop
    }

    private let blockBytes: Int
    private let maxBlocks: Int
    private var free: [LogBlock] = []
    private var madeBlocks = 0
    private var waiting: [LogBlock?]
    private var head = 0
    private var reopenAsked = 0
    private var reopenDone = 0
    /// Blocks handed in and blocks done with, in all: a flush waits for the second to reach what the first was.
    private(set) var submitted = 0
    private(set) var completed = 0
    private(set) var isClosed = false

    init(blockBytes: Int, maxBlocks: Int) {
        self.blockBytes = max(blockBytes, TelemetryLimits.maxLineBytes)
        self.maxBlocks = max(1, maxBlocks)
        waiting = Array(repeating: nil, count: self.maxBlocks)
        free.reserveCapacity(self.maxBlocks)
    }

    /// How many blocks wait.
    private var waitingCount = 0

    /// A block to fill. Made when there is none and the number allows it.
    ///
    /// A refusal is a value and not thrown: an error that passes through a generic closure takes memory, and this is where a loop under pressure comes.
    mutating func take() -> Result<LogBlock, DroppedLine> {
        guard !isClosed else { return .failure(.closed) }
        if let block = free.popLast() { return .success(block) }
        guard madeBlocks < maxBlocks else { return .failure(.queueFull) }
        madeBlocks += 1
        return .success(LogBlock(capacity: blockBytes))
    }

    /// Puts a block in the queue. An empty one goes back to the free ones. Every block came from ``take()``, so there is always a place.
    mutating func submit(_ block: LogBlock) throws(DroppedLine) {
        guard !isClosed else {
            madeBlocks -= 1
            throw .closed
        }
        guard block.lineCount > 0 else {
            free.append(block)
            return
        }
        waiting[(head + waitingCount) % maxBlocks] = block
        waitingCount += 1
        submitted += 1
    }

    /// What is to be done now. A file that was renamed is let go of before more is written.
    mutating func next() -> Work {
        if reopenDone < reopenAsked { return .reopen }
        if let block = waiting[head] {
            waiting[head] = nil
            head = (head + 1) % maxBlocks
            waitingCount -= 1
            return .write(block)
        }
        return isClosed ? .stop : .wait
    }

    /// Takes a block back that is written, or lost.
    mutating func complete(_ block: LogBlock) {
        block.clear()
        free.append(block)
        completed += 1
    }

    /// Asks for a new file. Asking twice before it happens is asking once.
    mutating func askReopen() { reopenAsked = reopenDone + 1 }
    mutating func reopened() { reopenDone = reopenAsked }
    var isReopenPending: Bool { reopenDone < reopenAsked }

    mutating func close() { isClosed = true }
}
