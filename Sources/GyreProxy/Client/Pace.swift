// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// How fast a client sends or takes bytes, over the time in which it is waited for. A timeout on silence alone is met with one byte a minute.
struct Pace {
    /// In bytes a second; nil: any pace will do.
    let least: Int?
    /// For how long it is waited before the pace counts.
    let grace: TimeAmount

    private var waitedNanoseconds: Int64 = 0
    private var movedBytes: UInt64 = 0
    private var last: (at: NIODeadline, total: UInt64, isWaiting: Bool)?

    init(least: Int?, grace: TimeAmount) {
        self.least = least
        self.grace = grace
    }

    /// Forgets what was, for the next message.
    mutating func reset() {
        waitedNanoseconds = 0
        movedBytes = 0
        last = nil
    }

    /// Takes a look; called about once a second.
    ///
    /// - Parameters:
    ///   - isWaiting: The client is waited for. Only what lies between two looks at which it was counts.
    ///   - total: Bytes that have moved so far.
    /// - Returns: Whether the client is too slow.
    mutating func isTooSlow(isWaiting: Bool, total: UInt64, now: NIODeadline) -> Bool {
        defer { last = (now, total, isWaiting) }
        guard let least, let last, last.isWaiting, isWaiting else { return false }
        waitedNanoseconds += (now - last.at).nanoseconds
        movedBytes += total - min(total, last.total)
        guard waitedNanoseconds > grace.nanoseconds else { return false }
        return Double(movedBytes) < Double(least) * Double(waitedNanoseconds) / 1e9
    }
}
