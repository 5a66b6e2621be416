// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// How far a long run has come and how long it will take, as a bar that fills or a line of text: see ``ProgressOutput``.
final class ProgressBar: @unchecked Sendable {
    // Unchecked: the lock guards it.
    private let lock = NSLock()
    private let title: String
    private let total: Int
    private var output: ProgressOutput
    private var done = 0

    /// - Parameters:
    ///   - title: What is done, as `simulating`.
    ///   - total: All of it, in any unit.
    init(
        _ title: String,
        total: Int,
        isTerminal: Bool = ProgressOutput.isErrorTerminal,
        write: @escaping @Sendable (String) -> Void = ProgressOutput.standardError
    ) {
        self.title = title
        self.total = max(1, total)
        output = ProgressOutput(isTerminal: isTerminal, emit: write)
    }

    /// So much more has been done; on any thread.
    func advance(_ count: Int) {
        lock.withLock {
            done += count
            output.writeIfDue { [output] seconds in
                Self.text(title, Double(min(done, total)) / Double(total), seconds: seconds, isTerminal: output.isTerminal)
            }
        }
    }

    /// Takes the bar away.
    func finish() { output.end() }

    /// What is written when a fraction of the work is done after some seconds.
    static func text(_ title: String, _ fraction: Double, seconds: Double, isTerminal: Bool) -> String {
        let percent = Int(fraction * 100)
        let left = fraction > 0 ? "about \(ProgressLine.duration(seconds / fraction - seconds)) left" : ""
        guard isTerminal else { return "\(title): \(percent) % after \(ProgressLine.duration(seconds)), \(left)" }
        let full = percent * 40 / 100
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: 40 - full)
        return "\(title) \(bar) \(percent) %  \(left)"
    }
}
