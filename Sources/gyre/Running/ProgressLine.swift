// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// How far a long pass has come and how long it will take, on one line of the terminal that is written again and again; nothing where the
/// error output is no terminal.
final class ProgressLine {
    private let title: String
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var next: ContinuousClock.Instant

    init(_ title: String) {
        self.title = title
        began = clock.now
        next = began
    }

    /// Writes the line, some times a second at most.
    func show(_ progress: VolumeProgress) {
        guard isTerminal, clock.now >= next else { return }
        next = clock.now + .milliseconds(200)
        let text = Self.text(title, progress, seconds: (clock.now - began) / .seconds(1))
        FileHandle.standardError.write(Data("\r\(text)\u{1b}[K".utf8))
    }

    /// Takes the line away.
    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
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
