// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Client connections of one event loop that have written while an upstream connection deals with what it has read. They are flushed when it
/// is done with that: the head of an answer and the body that came with it leave with one system call, not with two.
final class LoopFlushes {
    private var depth = 0
    private var waiting: [ClientConnection] = []
    /// Empty, with the room that the list before had.
    private var spare: [ClientConnection] = []

    /// Runs something whose writes are flushed behind it.
    func gather(_ body: () -> Void) {
        depth += 1
        body()
        depth -= 1
        guard depth == 0, !waiting.isEmpty else { return }
        var written = spare
        spare = []
        swap(&written, &waiting)
        for connection in written { connection.flushIfNeeded() }
        written.removeAll(keepingCapacity: true)
        spare = written
    }

    /// False: nothing is gathered now, the caller flushes.
    func add(_ connection: ClientConnection) -> Bool {
        guard depth > 0 else { return false }
        // Mostly one client: its head, its body.
        if waiting.last !== connection { waiting.append(connection) }
        return true
    }
}
