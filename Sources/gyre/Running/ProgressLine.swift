// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// How far a long pass has come and how long it will take, on one line of the terminal that is written again and again; where the error output is
/// no terminal, a line every ten seconds.
final class ProgressLine {
    private let title: String
    private let isTerminal: Bool
    private let interval: Duration
    private let write: (String) -> Void
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var next: ContinuousClock.Instant

    init(
        _ title: String,
        isTerminal: Bool = isatty(STDERR_FILENO) != 0,
        write: @escaping (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) {
        self.title = title
        self.isTerminal = isTerminal
        self.write = write
        interval = isTerminal ? .milliseconds(200) : ProgressBar.logInterval
        began = clock.now
        next = isTerminal ? began : began + interval
    }

    /// Writes the line, some times a second at most.
    func show(_ progress: VolumeProgress) {
        let now = clock.now
        guard now >= next else { return }
        next = now + interval
        let text = Self.text(title, progress, seconds: (now - began) / .seconds(1))
        write(isTerminal ? "\r\(text)\u{1b}[K" : "gyre: \(text)\n")
    }

    /// Takes the line away.
    func end() {
        if isTerminal { write("\r\u{1b}[K") }
    }

    /// The line after some seconds.
    static func text(_ title: String, _ progress: VolumeProgress, seconds: Double) -> String {
        let percent = Int(progress.fraction * 100)
        var text = "\(title)  \(percent) %  stripe \(progress.done) of \(progress.total)"
        guard seconds > 0.5, progress.done > 0 else { return text }
        let mebibytes = Double(progress.bytesRead) / seconds / 1_048_576
        text += String(format: "  %.1f MiB/s", mebibytes)
        let left = seconds / progress.fraction - seconds
        return text + "  " + duration(left) + " left"
    }

    /// Seconds in words that are short.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
