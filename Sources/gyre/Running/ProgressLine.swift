// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// How far a long pass over stripes has come and how long it will take: see ``ProgressOutput``.
final class ProgressLine {
    private let title: String
    private var output: ProgressOutput

    init(
        _ title: String,
        isTerminal: Bool = ProgressOutput.isErrorTerminal,
        write: @escaping @Sendable (String) -> Void = ProgressOutput.standardError
    ) {
        self.title = title
        output = ProgressOutput(isTerminal: isTerminal, emit: write)
    }

    func show(_ progress: VolumeProgress) { output.writeIfDue { Self.text(title, progress, seconds: $0) } }

    /// Takes the line away.
    func end() { output.end() }

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
