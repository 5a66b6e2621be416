// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Something that happens once and may be waited for, for a while.
final class Latch: @unchecked Sendable {
    // Unchecked: touched only while the monitor is held.
    private var isOpen = false
    private let monitor = Monitor()

    func open() {
        monitor.locked {
            isOpen = true
            monitor.broadcast()
        }
    }

    /// Returns when it has happened, or the time is over.
    func wait(milliseconds: Int) {
        monitor.locked { monitor.wait(milliseconds: milliseconds) { isOpen } }
    }
}
