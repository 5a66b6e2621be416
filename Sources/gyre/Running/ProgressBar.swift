// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// A line on the terminal that fills; silent where the errors do not go to one.
final class ProgressBar: @unchecked Sendable {
    // Unchecked: the lock guards it.
    private let lock = NSLock()
    private let total: Int
    private let isShown = isatty(2) != 0
    private var done = 0
    private var shown = -1

    init(total: Int) { self.total = max(1, total) }

    func advance(_ count: Int) {
        lock.withLock {
            done += count
            let percent = done * 100 / total
            guard isShown, percent != shown else { return }
            shown = percent
            let full = percent * 40 / 100
            let bar = String(repeating: "█", count: full) + String(repeating: "░", count: 40 - full)
            FileHandle.standardError.write(Data("\r\(bar) \(percent) %".utf8))
        }
    }

    func finish() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
