// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A thread that does something every so often until it is stopped.
final class Ticker: @unchecked Sendable {
    // Unchecked: everything below is touched only under the mutex.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var thread: pthread_t?
    private var isStopping = false

    init() {
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    /// Once. Without a thread to be had nothing happens.
    func start(everyMilliseconds interval: Int, _ body: @escaping () -> Void) {
        thread = startThread { [self] in
            while sleep(interval) { body() }
        }
    }

    /// Returns when the body runs no more.
    func stop() {
        pthread_mutex_lock(mutex)
        isStopping = true
        let running = thread
        thread = nil
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        if let running { pthread_join(running, nil) }
    }

    /// The thread ends by itself, soon.
    func abandon() {
        pthread_mutex_lock(mutex)
        isStopping = true
        let running = thread
        thread = nil
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
        if let running { detachThread(running) }
    }

    private func sleep(_ milliseconds: Int) -> Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let nanoseconds = Int(now.tv_nsec) + milliseconds * 1_000_000
        var until = timespec(tv_sec: now.tv_sec + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isStopping, pthread_cond_timedwait(condition, mutex, &until) == 0 {}
        return !isStopping
    }
}
