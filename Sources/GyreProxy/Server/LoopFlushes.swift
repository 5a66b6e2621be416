// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// What has written and not yet sent.
protocol LoopFlushable: AnyObject {
    /// Sends what was written, if it has not been sent meanwhile.
    func flushIfNeeded()
}

/// The connections of one event loop that have written in this turn of it. They are flushed together when the loop has dealt with everything that it found
/// readable: the head of an answer and the body that came with it leave with one system call, and one peer after another is woken while the processor
/// that it sleeps on is awake already. With one event in a turn, nothing waits.
///
/// Not for hits, which are sent when the bytes that asked for them have been read.
final class LoopFlushes {
    private let loop: any EventLoop
    private var waiting: [any LoopFlushable] = []
    /// Empty, with the room that the list before had.
    private var spare: [any LoopFlushable] = []

    /// Made once: one for each turn would be an allocation.
    private var flushTask: @Sendable () -> Void = {}

    /// On the loop.
    init(loop: any EventLoop) {
        self.loop = loop
        let bound = NIOLoopBound(Reference(flushes: self), eventLoop: loop)
        flushTask = { bound.value.flushes?.flush() }
    }

    private struct Reference {
        weak var flushes: LoopFlushes?
    }

    /// Flushes a connection at the end of this turn. Whoever is added twice is asked twice.
    func add(_ connection: any LoopFlushable) {
        if waiting.isEmpty { loop.execute(flushTask) }
        waiting.append(connection)
    }

    private func flush() {
        var written = spare
        spare = []
        swap(&written, &waiting)
        for connection in written { connection.flushIfNeeded() }
        written.removeAll(keepingCapacity: true)
        spare = written
    }
}
