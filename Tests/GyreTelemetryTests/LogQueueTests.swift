// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreTelemetry

@Suite struct LogQueueTests {
    static func filled(_ queue: inout LogQueue, _ text: StaticString) throws(DroppedLine) -> LogBlock {
        let block = try queue.take().get()
        var line = block.cursor
        line.put(text)
        block.commitLine(line)
        return block
    }

    /// What the writer thread would see, as a word.
    static func word(_ work: LogQueue.Work) -> String {
        switch work {
        case .reopen: "reopen"
        case .write(let block): String(decoding: block.bytes, as: UTF8.self)
        case .wait: "wait"
        case .stop: "stop"
        }
    }

    @Test func blocksComeOutInTheOrderTheyWentIn() throws {
        var queue = LogQueue(blockBytes: 0, maxBlocks: 3)
        #expect(Self.word(queue.next()) == "wait")
        // Several times round the ring.
        for _ in 0..<5 {
            for text in ["a", "b"] as [StaticString] { try queue.submit(Self.filled(&queue, text)) }
            for text in ["a", "b"] {
                guard case .write(let block) = queue.next() else {
                    Issue.record("nothing to write")
                    return
                }
                #expect(String(decoding: block.bytes, as: UTF8.self) == text)
                queue.complete(block)
            }
            #expect(Self.word(queue.next()) == "wait")
        }
        #expect(queue.submitted == 10)
        #expect(queue.completed == 10)
    }

    @Test func aBlockThatIsBeingWrittenIsNotFree() throws {
        var queue = LogQueue(blockBytes: 0, maxBlocks: 1)
        try queue.submit(Self.filled(&queue, "a"))
        #expect(throws: DroppedLine.queueFull) { _ = try queue.take().get() }
        guard case .write(let block) = queue.next() else {
            Issue.record("nothing to write")
            return
        }
        #expect(throws: DroppedLine.queueFull) { _ = try queue.take().get() }
        queue.complete(block)
        let again = try queue.take().get()
        #expect(again === block)
        #expect(again.lineCount == 0 && again.byteCount == 0)
    }

    @Test func anEmptyBlockGoesBackUnwritten() throws {
        var queue = LogQueue(blockBytes: 0, maxBlocks: 1)
        try queue.submit(queue.take().get())
        #expect(Self.word(queue.next()) == "wait")
        #expect(queue.submitted == 0)
        _ = try queue.take().get()
    }

    @Test func reopeningComesBeforeWritingAndOnceForTwoRequests() throws {
        var queue = LogQueue(blockBytes: 0, maxBlocks: 2)
        try queue.submit(Self.filled(&queue, "a"))
        queue.askReopen()
        queue.askReopen()
        #expect(queue.isReopenPending)
        #expect(Self.word(queue.next()) == "reopen")
        queue.reopened()
        #expect(!queue.isReopenPending)
        #expect(Self.word(queue.next()) == "a")
    }

    @Test func whatWaitsIsWrittenAfterClosingAndNothingMoreIsTaken() throws {
        var queue = LogQueue(blockBytes: 0, maxBlocks: 3)
        let late = try Self.filled(&queue, "late")
        try queue.submit(Self.filled(&queue, "a"))
        queue.close()
        #expect(throws: DroppedLine.closed) { _ = try queue.take().get() }
        #expect(throws: DroppedLine.closed) { try queue.submit(late) }
        #expect(Self.word(queue.next()) == "a")
        #expect(Self.word(queue.next()) == "stop")
    }

    @Test func everyBlockHasRoomForTheLongestLine() throws {
        var queue = LogQueue(blockBytes: 1, maxBlocks: 0)
        let block = try queue.take().get()
        #expect(block.room >= TelemetryLimits.maxLineBytes)
        #expect(TelemetryLimits.logBlockBytes >= TelemetryLimits.maxLineBytes)
    }
}
