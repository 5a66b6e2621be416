// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// Numbers every write, removal and purge of a store, over all its volumes and over restarts: later ones are higher.
///
/// A number is at least the clock's seconds times 2^28, so that what a volume wrote before it was taken away is lower than what the others
/// wrote after; and at least one more than the last, so that a clock that is set back changes nothing (hybrid logical clocks, Kulkarni et
/// al., OPODIS 2014).
package final class SerialClock: Sendable {
    private let last = Atomic<UInt64>(0)
    private let nowSeconds: @Sendable () -> UInt64

    /// A clock that has given no number yet.
    package init(nowSeconds: @escaping @Sendable () -> UInt64) { self.nowSeconds = nowSeconds }

    /// The next number. Callable from any thread.
    package func next() -> UInt64 {
        let floor = nowSeconds() << 28
        var current = last.load(ordering: .relaxed)
        while true {
            let wanted = max(current + 1, floor)
            let result = last.compareExchange(expected: current, desired: wanted, ordering: .relaxed)
            if result.exchanged { return wanted }
            current = result.original
        }
    }

    /// The last number given or heard of.
    package var latest: UInt64 { last.load(ordering: .relaxed) }

    /// A number found on a volume: the next ones are higher.
    package func advance(past serial: UInt64) {
        var current = last.load(ordering: .relaxed)
        while current < serial {
            let result = last.compareExchange(expected: current, desired: serial, ordering: .relaxed)
            if result.exchanged { return }
            current = result.original
        }
    }
}
