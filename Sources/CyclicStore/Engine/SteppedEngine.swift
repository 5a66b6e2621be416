// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// Runs nothing until it is told to: the engine of the simulator. Operations complete one by one, in an order that the seed decides.
public final class SteppedEngine: IOEngine {
    private let state: Mutex<State>
    private let queueLimit: Int

    private struct State {
        var waiting: [IOOperation] = []
        var random: SeededRandom
        var counts = IOEngineStatistics()
    }

    /// An engine with nothing to do. `queueLimit` is how many operations may wait in each direction.
    public init(seed: UInt64, queueLimit: Int = 4096) {
        self.queueLimit = queueLimit
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    /// Operations taken and not yet run.
    public var pending: Int { state.withLock { $0.waiting.count } }

    /// See ``IOEngine``.
    public var statistics: IOEngineStatistics { state.withLock { $0.counts } }

    /// See ``IOEngine``.
    public func submit(_ operation: IOOperation) -> Bool {
        state.withLock { state in
            guard state.waiting.count(where: { $0.kind == operation.kind }) < queueLimit else {
                state.counts.refused += 1
                return false
            }
            state.counts.countSubmission()
            state.waiting.append(operation)
            return true
        }
    }

    /// Runs one operation, any of those that wait. False when there is none.
    @discardableResult
    public func step() -> Bool {
        let operation = state.withLock { state -> IOOperation? in
            guard !state.waiting.isEmpty else { return nil }
            let chosen = Int(state.random.next() % UInt64(state.waiting.count))
            state.waiting.swapAt(chosen, state.waiting.count - 1)
            state.counts.completed += 1
            return state.waiting.removeLast()
        }
        operation?.perform()
        return operation != nil
    }

    /// Runs until nothing waits.
    public func run() {
        while step() {}
    }

    /// Power loss: what waits never happens, and nobody is told.
    public func dropAll() { state.withLock { $0.waiting.removeAll() } }

    /// See ``IOEngine``.
    public func shutDown() { run() }
}
