// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// What simulated devices run on. It can be told to fail at a certain operation, counted over all devices on it: with that, a test crashes
/// a store at every I/O in turn.
package final class SimulatedPower: Sendable {
    private struct State {
        var left: Int?
        var isOff = false
        var isLastGasp = false
    }

    private let state = Mutex(State())

    /// Power that does not fail.
    package init() {}

    /// The power goes at the operation after the next `count`; that operation may be done in part if it is a write.
    package func cut(afterOperations count: Int) {
        state.withLock { $0 = State(left: count) }
    }

    /// The power is back, and stays.
    package func restore() { state.withLock { $0 = State() } }

    /// Whether it is gone.
    package var isOff: Bool { state.withLock { $0.isOff } }

    /// The operation that is refused now is the one at which the power went.
    var isLastGasp: Bool { state.withLock { $0.isLastGasp } }

    /// Whether there is power for one more operation.
    func take() -> Bool {
        state.withLock { state in
            if state.isOff {
                state.isLastGasp = false
                return false
            }
            guard let left = state.left else { return true }
            state.left = left - 1
            if left > 0 { return true }
            state.isOff = true
            state.isLastGasp = true
            return false
        }
    }
}
