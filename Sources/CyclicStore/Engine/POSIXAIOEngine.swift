// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `aio_read`, `aio_write` and `aio_fsync`, as the ancestor used them. Here for comparison: glibc performs the operations of one file one
/// after another on one thread of its own, so a volume gets the speed of a single reader at any depth.
///
/// One thread waits for completions with `aio_suspend`. A list once handed to that call does not grow, so a pipe is always in it: writing
/// to the pipe makes the thread look again.
public final class POSIXAIOEngine: IOEngine, @unchecked Sendable {
    // Unchecked: what is below `lock` is touched only while it is held; `wake` by the thread alone.
    private let queueLimit: Int
    private let wakePipe: (read: Int32, write: Int32)
    private let wakeByte = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    private let others: FallbackEngine
    private let lock = Lock()
    private var flights: [Flight] = []
    private var reads = 0
    private var isWaiting = false
    private var isStopping = false
    private var counts = IOEngineStatistics()
    private var thread: pthread_t?

    private struct Flight {
        var block: OpaquePointer
        var operation: IOOperation
    }

    /// - Parameter queueLimit: Operations under way in each direction; one more is refused.
    /// - Throws: When there is no pipe or thread to be had.
    public init(queueLimit: Int = 4096) throws(IOEngineError) {
        self.queueLimit = queueLimit
        others = FallbackEngine(queueLimit: queueLimit)
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw IOEngineError(engine: .posixAIO, errno: SystemError.last) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        wakePipe = (ends[0], ends[1])
        thread = startThread("gyre-io") { [self] in work() }
        guard thread != nil else {
            closePipe()
            throw IOEngineError(engine: .posixAIO, errno: SystemError.noThread)
        }
    }

    deinit { wakeByte.deallocate() }

    /// See ``IOEngine``.
    public var statistics: IOEngineStatistics { lock.locked { counts } + others.statistics }

    /// See ``IOEngine``.
    public func submit(_ operation: IOOperation) -> Bool {
        guard let device = operation.device as? any DescriptorDevice else { return others.submit(operation) }
        return lock.locked {
            guard start(operation, device.descriptor) else {
                counts.refused += 1
                return false
            }
            counts.countSubmission()
            if operation.kind == .read { reads += 1 }
            if isWaiting {
                isWaiting = false
                wake()
            }
            return true
        }
    }

    private func start(_ operation: IOOperation, _ descriptor: Int32) -> Bool {
        let sameDirection = operation.kind == .read ? reads : flights.count - reads
        guard !isStopping, sameDirection < queueLimit, let block = gyre_aio_make() else { return false }
        let kind =
            switch operation.kind {
            case .read: GYRE_AIO_READ
            case .write: GYRE_AIO_WRITE
            case .sync: GYRE_AIO_SYNC
            }
        let region = operation.region
        guard gyre_aio_start(block, kind, descriptor, region.baseAddress, region.count, Int64(operation.offset)) == 0 else {
            gyre_aio_free(block)
            return false
        }
        flights.append(Flight(block: block, operation: operation))
        return true
    }

    /// See ``IOEngine``.
    public func shutDown() {
        others.shutDown()
        let thread = lock.locked {
            isStopping = true
            if isWaiting {
                isWaiting = false
                wake()
            }
            defer { self.thread = nil }
            return self.thread
        }
        guard let thread else { return }
        pthread_join(thread, nil)
        closePipe()
    }

    private func wake() {
        var byte: UInt8 = 0
        while write(wakePipe.write, &byte, 1) < 0, SystemError.last == EINTR {}
    }

    private func closePipe() {
        _ = close(wakePipe.read)
        _ = close(wakePipe.write)
    }

    // MARK: The thread

    private func work() {
        var waker: OpaquePointer?
        while true {
            var result: Int64 = 0
            if let finished = waker, gyre_aio_finished(finished, &result) != 0 {
                gyre_aio_free(finished)
                waker = nil
            }
            let done = takeFinished()
            for (operation, result) in done { operation.conclude(result) }
            if !done.isEmpty { continue }
            if waker == nil {
                waker = gyre_aio_make()
                if let made = waker, gyre_aio_start(made, GYRE_AIO_READ, wakePipe.read, wakeByte, 1, 0) != 0 {
                    gyre_aio_free(made)
                    waker = nil
                }
            }
            var list: [OpaquePointer?] = []
            let isOver = lock.locked {
                if isStopping, flights.isEmpty { return true }
                list = flights.map(\.block)
                // Without a waker nobody can call: then the thread only yields and looks again.
                isWaiting = waker != nil
                return false
            }
            if isOver { break }
            guard let waker else {
                sched_yield()
                continue
            }
            list.append(waker)
            _ = gyre_aio_wait(&list, Int32(list.count))
            lock.locked { isWaiting = false }
        }
        // The last thing under way is the read of the pipe: it ends before the memory goes.
        if let waker {
            var result: Int64 = 0
            wake()
            var list: [OpaquePointer?] = [waker]
            while gyre_aio_finished(waker, &result) == 0 { _ = gyre_aio_wait(&list, 1) }
            gyre_aio_free(waker)
        }
    }

    private func takeFinished() -> [(IOOperation, Int)] {
        lock.locked {
            var done: [(IOOperation, Int)] = []
            var index = 0
            while index < flights.count {
                var result: Int64 = 0
                let flight = flights[index]
                guard gyre_aio_finished(flight.block, &result) != 0 else {
                    index += 1
                    continue
                }
                gyre_aio_free(flight.block)
                flights.swapAt(index, flights.count - 1)
                flights.removeLast()
                if flight.operation.kind == .read { reads -= 1 }
                counts.completed += 1
                done.append((flight.operation, Int(result)))
            }
            return done
        }
    }
}
