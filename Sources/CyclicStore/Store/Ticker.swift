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
    // Unchecked: everything below is touched only while the monitor is held, but for the start.
    private let monitor = Monitor()
    private var thread: pthread_t?
    private var isStopping = false

    /// Once. Without a thread to be had nothing happens.
    func start(everyMilliseconds interval: Int, _ body: @escaping () -> Void) {
        thread = startThread("gyre-ticker") { [self] in
            while sleep(interval) { body() }
        }
    }

    /// Returns when the body runs no more.
    func stop() { if let running = end() { pthread_join(running, nil) } }

    /// The thread ends by itself, soon.
    func abandon() { if let running = end() { detachThread(running) } }

    private func end() -> pthread_t? {
        monitor.locked {
            isStopping = true
            monitor.broadcast()
            defer { thread = nil }
            return thread
        }
    }

    private func sleep(_ milliseconds: Int) -> Bool {
        monitor.locked {
            monitor.wait(milliseconds: milliseconds) { isStopping }
            return !isStopping
        }
    }
}
