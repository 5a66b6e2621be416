// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// How far a long run has come and how long it will take: a bar on the terminal that fills, and where the errors do not go to one a line every
/// ten seconds.
final class ProgressBar: @unchecked Sendable {
    // Unchecked: the lock guards it.
    private let lock = NSLock()
    private let title: String
    private let total: Int
    private let isTerminal: Bool
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private let write: @Sendable (String) -> Void
    private var next: ContinuousClock.Instant
    private var done = 0

    /// Time between two lines where there is no terminal; a run that is over by then says nothing.
    static let logInterval = Duration.seconds(10)

    /// - Parameters:
    ///   - title: What is done, as `simulating`.
    ///   - total: All of it, in any unit.
    init(
        _ title: String,
        total: Int,
        isTerminal: Bool = isatty(STDERR_FILENO) != 0,
        write: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        self.title = title
        self.total = max(1, total)
        self.isTerminal = isTerminal
        self.write = write
        began = clock.now
        next = began + (isTerminal ? .milliseconds(200) : Self.logInterval)
    }

    /// So much more has been done; on any thread.
    func advance(_ count: Int) {
        lock.withLock {
            done += count
            let now = clock.now
            guard now >= next else { return }
            next = now + (isTerminal ? .milliseconds(200) : Self.logInterval)
            write(Self.text(title, Double(min(done, total)) / Double(total), seconds: (now - began) / .seconds(1), isTerminal: isTerminal))
        }
    }

    /// Takes the bar away.
    func finish() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    /// What is written when a fraction of the work is done after some seconds.
    static func text(_ title: String, _ fraction: Double, seconds: Double, isTerminal: Bool) -> String {
        let percent = Int(fraction * 100)
        let left = fraction > 0 ? "about \(ProgressLine.duration(seconds / fraction - seconds)) left" : ""
        guard isTerminal else { return "gyre: \(title): \(percent) % after \(ProgressLine.duration(seconds)), \(left)\n" }
        let full = percent * 40 / 100
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: 40 - full)
        return "\r\(title) \(bar) \(percent) %  \(left)\u{1B}[K"
    }
}
