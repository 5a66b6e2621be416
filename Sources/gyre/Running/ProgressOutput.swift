// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// Where a long run says how far it is, and how often: on a terminal one line five times a second, written over again and taken away at the end; elsewhere
/// a line every ten seconds, so that a run that is over by then says nothing.
struct ProgressOutput {
    let isTerminal: Bool
    private let emit: @Sendable (String) -> Void
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var next: ContinuousClock.Instant

    init(isTerminal: Bool, emit: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.emit = emit
        began = clock.now
        next = began + (isTerminal ? .zero : .seconds(10))
    }

    /// To the terminal or wherever errors go.
    static func standardError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) != 0 }

    /// Writes a text made of the seconds so far, if it is time to.
    mutating func writeIfDue(_ text: (Double) -> String) {
        let now = clock.now
        guard now >= next else { return }
        next = now + (isTerminal ? .milliseconds(200) : .seconds(10))
        let line = text((now - began) / .seconds(1))
        emit(isTerminal ? "\r\(line)\u{1b}[K" : "gyre: \(line)\n")
    }

    /// Takes the line away.
    func end() { if isTerminal { emit("\r\u{1b}[K") } }
}
