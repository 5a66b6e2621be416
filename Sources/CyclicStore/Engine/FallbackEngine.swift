// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// For engines that need a file descriptor: performs the operations of devices that have none on two threads, started at the first one.
final class FallbackEngine: Sendable {
    private let queueLimit: Int
    private let engine = Engine()

    private final class Engine: @unchecked Sendable {
        // Unchecked: touched only under its lock.
        let lock = Lock()
        var threads: ThreadEngine?
        var isStopped = false
    }

    init(queueLimit: Int) { self.queueLimit = queueLimit }

    var statistics: IOEngineStatistics { engine.lock.locked { engine.threads }?.statistics ?? IOEngineStatistics() }

    func submit(_ operation: IOOperation) -> Bool {
        let threads = engine.lock.locked { () -> ThreadEngine? in
            if engine.threads == nil, !engine.isStopped { engine.threads = ThreadEngine(threads: 2, queueLimit: queueLimit) }
            return engine.threads
        }
        return threads?.submit(operation) ?? false
    }

    func shutDown() {
        let threads = engine.lock.locked {
            engine.isStopped = true
            return engine.threads
        }
        threads?.shutDown()
    }
}

extension IOEngineStatistics {
    static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.submitted += right.submitted
        sum.completed += right.completed
        sum.refused += right.refused
        // The two may not have been at their highest together.
        sum.inFlightMax = max(left.inFlightMax, right.inFlightMax)
        return sum
    }
}
