// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// A short critical section. Nothing that waits, allocates much or calls foreign code runs inside.
struct Lock: ~Copyable, Sendable {
    private let mutex = Mutex<Void>(())

    @inline(__always)
    func locked<Result: ~Copyable>(_ body: () -> Result) -> Result {
        // Every caller is an @unchecked Sendable class whose guarded state never leaves the section.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) var result: Result? = nil
        mutex.withLock { _ in result = body() }
        guard let result = result.take() else { preconditionFailure("the section ran") }
        return result
    }
}
