// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Synchronization

/// The time of a trace, for a store that replays it.
final class ReplayClock: Sendable {
    private let now = Atomic<UInt64>(ReplayClock.start)
    /// Some day: the store wants seconds since 1970.
    private static let start: UInt64 = 1_700_000_000

    var seconds: UInt64 { now.load(ordering: .relaxed) }

    /// Never back, whatever the trace says.
    func advance(to traceSeconds: UInt32) { now.max(Self.start + UInt64(traceSeconds), ordering: .relaxed) }
}

/// Random words from a seed, for any thread.
final class SeededWords: Sendable {
    private let random: Mutex<SeededRandom>

    init(_ seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }

    func next() -> UInt64 { random.withLock { $0.next() } }
}
