// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// Runs nothing until it is told to: the engine of the simulator. Operations complete one by one, in an order that the seed decides; some
/// are held back for long, and others overtake them.
package final class SteppedEngine: IOEngine {
    private let state: Mutex<State>
    private let queueLimit: Int

    /// How operations are held back.
    package struct Stalls: Sendable {
        /// Chance out of 2^32 that an operation is held.
        package var chance: UInt32 = 0
        /// For how many steps at most.
        package var maxSteps = 0
        /// None are.
        package init() {}
    }

    private struct Waiting {
        var operation: IOOperation
        var notBefore: Int
    }

    private struct State {
        var waiting: [Waiting] = []
        var random: SeededRandom
        var stalls = Stalls()
        var steps = 0
        var stalled = 0
        var counts = IOEngineStatistics()
        var isStopped = false
    }

    /// An engine with nothing to do. `queueLimit` is how many operations may wait in each direction of each device, as if each
    /// had an engine of its own.
    package init(seed: UInt64, queueLimit: Int = 4096) {
        self.queueLimit = queueLimit
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    /// Sets how operations taken from now on are held back.
    package func setStalls(_ stalls: Stalls) { state.withLock { $0.stalls = stalls } }

    /// Operations taken and not yet run.
    package var pending: Int { state.withLock { $0.waiting.count } }
    /// Operations held back so far.
    package var stalledCount: Int { state.withLock { $0.stalled } }
    /// Operations refused for want of room so far.
    package var refusedCount: Int { state.withLock { $0.counts.refused } }

    /// See ``IOEngine``.
    package var statistics: IOEngineStatistics { state.withLock { $0.counts } }

    /// See ``IOEngine``.
    package func submit(_ operation: IOOperation) -> Bool {
        state.withLock { state in
            let before = state.waiting.count { $0.operation.kind == operation.kind && $0.operation.device === operation.device }
            guard !state.isStopped, before < queueLimit else {
                state.counts.refused += 1
                return false
            }
            state.counts.countSubmission()
            var notBefore = 0
            if state.random.happens(state.stalls.chance), state.stalls.maxSteps > 0 {
                state.stalled += 1
                notBefore = state.steps + 1 + Int(state.random.next() % UInt64(state.stalls.maxSteps))
            }
            state.waiting.append(Waiting(operation: operation, notBefore: notBefore))
            return true
        }
    }

    /// Runs one operation, any of those that are not held; when all are held, any. False when nothing waits.
    @discardableResult
    package func step() -> Bool {
        let operation = state.withLock { state -> IOOperation? in
            state.steps += 1
            let count = state.waiting.count
            guard count > 0 else { return nil }
            let first = Int(state.random.next() % UInt64(count))
            var chosen = first
            for offset in 0..<count where state.waiting[(first + offset) % count].notBefore <= state.steps {
                chosen = (first + offset) % count
                break
            }
            state.waiting.swapAt(chosen, count - 1)
            state.counts.completed += 1
            return state.waiting.removeLast().operation
        }
        operation?.perform()
        return operation != nil
    }

    /// Runs until nothing waits.
    package func run() {
        while step() {}
    }

    /// Power loss: what waits never happens, and nobody is told.
    package func dropAll() { _ = takeAll() }

    /// The process ends: nothing that waits is run here any more, nobody is told, and nothing more is taken.
    package func takeAll() -> [IOOperation] {
        state.withLock { state in
            state.isStopped = true
            defer { state.waiting.removeAll() }
            return state.waiting.map(\.operation)
        }
    }

    /// See ``IOEngine``.
    package func shutDown() { run() }
}
