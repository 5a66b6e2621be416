// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Blocking calls on a few threads. Reads go before writes, and with two threads or more one is always left for reads; but a write that
/// has let sixteen reads pass goes next, so that a disk busy with reads still takes what is new.
public final class ThreadEngine: IOEngine, @unchecked Sendable {
    // Unchecked: everything below `monitor` is touched only while it is held.
    private let monitor = Monitor()
    private let queueLimit: Int
    /// How many operations run at the same time: fewer than asked for when the system had no more threads.
    public let threadCount: Int
    private var reads = OperationQueue()
    private var writes = OperationQueue()
    private var activeWrites = 0
    /// Reads started since a write last could have gone instead.
    private var readsInRow = 0
    static let maxReadsInRow = 16
    private var stopping = false
    private var threads: [pthread_t] = []
    private var counts = IOEngineStatistics()

    /// Starts the threads. They keep the engine alive until ``shutDown()``.
    /// - Parameters:
    ///   - threads: How many operations run at the same time.
    ///   - queueLimit: How many may wait in each direction; one more is refused. Waiting reads never keep a write out: a store has fewer
    ///     membufs than this, so its writes always find room.
    public init(threads: Int, queueLimit: Int = 4096) {
        self.queueLimit = queueLimit
        let starting = Starting()
        var started: [pthread_t] = []
        for _ in 0..<max(1, threads) {
            if let thread = startThread("gyre-io", { starting.engine()?.work() }) { started.append(thread) }
        }
        threadCount = started.count
        self.threads = started
        starting.release(self)
    }

    /// Holds the threads back until all of them have been started: how many there are decides how many may write.
    private final class Starting: @unchecked Sendable {
        private let monitor = Monitor()
        private var made: ThreadEngine?

        func release(_ engine: ThreadEngine) {
            monitor.locked {
                made = engine
                monitor.broadcast()
            }
        }

        func engine() -> ThreadEngine? {
            monitor.locked {
                while made == nil { monitor.wait() }
                return made
            }
        }
    }

    /// See ``IOEngine``.
    public var statistics: IOEngineStatistics { monitor.locked { counts } }

    /// See ``IOEngine``.
    public func submit(_ operation: IOOperation) -> Bool {
        let taken = monitor.locked {
            guard enqueue(operation) else {
                counts.refused += 1
                return false
            }
            counts.countSubmission()
            return true
        }
        // After the lock: a thread that wakes up finds it free.
        if taken { monitor.signal() }
        return taken
    }

    private func enqueue(_ operation: IOOperation) -> Bool {
        guard !stopping, !threads.isEmpty else { return false }
        switch operation.kind {
        case .read:
            guard reads.count < queueLimit else { return false }
            reads.append(operation)
        case .write, .sync:
            guard writes.count < queueLimit else { return false }
            writes.append(operation)
        }
        return true
    }

    /// See ``IOEngine``.
    public func shutDown() {
        let started = monitor.locked {
            stopping = true
            monitor.broadcast()
            let started = threads
            threads = []
            return started
        }
        for thread in started { pthread_join(thread, nil) }
    }

    private func work() {
        var finished: IOOperation.Kind?
        while let operation = next(after: finished) {
            operation.perform()
            finished = operation.kind
        }
    }

    /// The operation that goes next; waits for one. Nil when the engine stops and nothing is left.
    private func next(after finished: IOOperation.Kind?) -> IOOperation? {
        monitor.locked {
            if let finished {
                counts.completed += 1
                if finished != .read {
                    activeWrites -= 1
                    // A write that waited for its turn may go now, on whichever thread is free.
                    if writes.count > 0 { monitor.signal() }
                }
            }
            while true {
                let writeMayGo = writes.count > 0 && (stopping || activeWrites < max(1, threadCount - 1))
                let readGoesFirst = !writeMayGo || readsInRow < Self.maxReadsInRow
                if readGoesFirst, let read = reads.popFirst() {
                    if writeMayGo { readsInRow += 1 }
                    return read
                }
                if writeMayGo, let write = writes.popFirst() {
                    readsInRow = 0
                    activeWrites += 1
                    return write
                }
                if stopping { return nil }
                monitor.wait()
            }
        }
    }
}

/// A queue that takes and gives in constant time.
struct OperationQueue {
    private var items: [IOOperation?] = []
    private var head = 0

    var count: Int { items.count - head }

    mutating func append(_ operation: IOOperation) { items.append(operation) }

    mutating func popFirst() -> IOOperation? {
        guard head < items.count else { return nil }
        let first = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return first
    }
}
