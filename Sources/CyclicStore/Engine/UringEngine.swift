// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if IOUring && os(Linux)
import CCyclicStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Linux's io_uring: the submitter hands an operation to the kernel by one system call, and one thread takes the completions.
///
/// Room is checked before anything is queued: in the submission ring, and in the completion ring, where every operation under way may
/// need a place. A full ring refuses; it never loses.
public final class UringEngine: IOEngine, @unchecked Sendable {
    // Unchecked: what is below `lock` is touched only while it is held.
    private let ring: OpaquePointer
    private let queueLimit: Int
    private let ringLimit: Int
    private let others: FallbackEngine
    private let lock = Lock()
    private var slots: [IOOperation?] = []
    private var freeSlots: [Int] = []
    private var reads = 0
    private var underWay = 0
    private var isStopping = false
    private var counts = IOEngineStatistics()
    private var thread: pthread_t?

    /// The token of the operation that ends the thread; no slot has it.
    private static let endToken = UInt64.max

    /// - Parameters:
    ///   - queueLimit: Operations under way in each direction; one more is refused.
    ///   - submissionEntries: Size of the submission ring. It is emptied by every submission, so a small one does.
    ///   - completionEntries: Size of the completion ring; nil for what both directions need. The kernel rounds up to a power of two.
    /// - Throws: When the kernel has no io_uring, is too old, or does not allow it.
    public init(queueLimit: Int = 4096, submissionEntries: Int = 16, completionEntries: Int? = nil) throws(IOEngineError) {
        self.queueLimit = queueLimit
        others = FallbackEngine(queueLimit: queueLimit)
        var made: OpaquePointer?
        let completions = min(65536, max(2, submissionEntries, completionEntries ?? 2 * queueLimit + 1))
        let status = gyre_uring_open(UInt32(submissionEntries), UInt32(completions), &made)
        guard status == 0, let made else { throw IOEngineError(engine: .ioUring, errno: status) }
        ring = made
        // One place is left for the completion that ends the thread.
        ringLimit = Int(gyre_uring_completion_entries(made)) - 1
        thread = startThread("gyre-io") { [self] in work() }
        guard thread != nil else {
            gyre_uring_close(made)
            throw IOEngineError(engine: .ioUring, errno: SystemError.noThread)
        }
    }

    /// See ``IOEngine``.
    public var statistics: IOEngineStatistics { lock.locked { counts } + others.statistics }

    /// See ``IOEngine``.
    public func submit(_ operation: IOOperation) -> Bool {
        guard let device = operation.device as? any DescriptorDevice else { return others.submit(operation) }
        return lock.locked {
            let sameDirection = operation.kind == .read ? reads : underWay - reads
            guard !isStopping, underWay < ringLimit, sameDirection < queueLimit, queue(operation, device) else {
                counts.refused += 1
                return false
            }
            underWay += 1
            if operation.kind == .read { reads += 1 }
            counts.countSubmission()
            return true
        }
    }

    private func queue(_ operation: IOOperation, _ device: any DescriptorDevice) -> Bool {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(operation) } else { slots[slot] = operation }
        let kind =
            switch operation.kind {
            case .read: GYRE_URING_READ
            case .write: GYRE_URING_WRITE
            case .sync: GYRE_URING_SYNC
            }
        // A write into the page cache is a copy, and the kernel would make it here, on a thread that must not wait.
        let offCaller: Int32 = operation.kind == .write && !device.isDirect ? 1 : 0
        let region = operation.region
        let status = gyre_uring_submit(
            ring,
            kind,
            device.descriptor,
            region.baseAddress,
            region.count,
            Int64(operation.offset),
            UInt64(slot),
            offCaller
        )
        guard status != 0 else { return true }
        slots[slot] = nil
        freeSlots.append(slot)
        return false
    }

    /// See ``IOEngine``.
    public func shutDown() {
        others.shutDown()
        let thread = lock.locked {
            isStopping = true
            defer { self.thread = nil }
            return self.thread
        }
        guard let thread else { return }
        // The kernel may be short of memory for a moment; nobody else submits any more.
        while lock.locked({ gyre_uring_submit(ring, GYRE_URING_NOP, -1, nil, 0, 0, Self.endToken, 0) }) != 0 { sched_yield() }
        pthread_join(thread, nil)
        gyre_uring_close(ring)
    }

    // MARK: The thread

    private func work() {
        var done: [(operation: IOOperation, result: Int)] = []
        while true {
            let isOver = take(&done)
            for (operation, result) in done { operation.conclude(result) }
            if isOver { return }
            // An interrupted wait is no harm: the ring is looked at again.
            if done.isEmpty { _ = gyre_uring_wait(ring) }
            done.removeAll(keepingCapacity: true)
        }
    }

    /// Takes a few completions. True when everything that was taken in is finished and nothing more will come.
    private func take(_ done: inout [(operation: IOOperation, result: Int)]) -> Bool {
        lock.locked {
            var token: UInt64 = 0
            var result: Int32 = 0
            while done.count < Self.batch, gyre_uring_next(ring, &token, &result) != 0 {
                if token == Self.endToken {
                    hasEndCome = true
                    continue
                }
                let slot = Int(token)
                guard let operation = slots[slot] else { preconditionFailure("a completion without its operation") }
                slots[slot] = nil
                freeSlots.append(slot)
                underWay -= 1
                if operation.kind == .read { reads -= 1 }
                counts.completed += 1
                done.append((operation, Int(result)))
            }
            return hasEndCome && underWay == 0
        }
    }

    private static let batch = 32
    private var hasEndCome = false
}
#endif
