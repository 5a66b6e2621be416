// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Synchronization
import Testing

@testable import CyclicStore
@testable import gyre

/// How far long passes are, on a terminal and where there is none.
@Suite struct ProgressTests {
    private final class Screen: Sendable {
        private let written = Mutex<[String]>([])
        var texts: [String] { written.withLock { $0 } }
        func write(_ text: String) { written.withLock { $0.append(text) } }
    }

    @Test func `a pass over stripes says how far it is, how fast, and how long it will take`() {
        let progress = VolumeProgress(done: 250, total: 1000, bytesRead: 500 << 20)
        #expect(ProgressLine.text("verify", progress, seconds: 10) == "verify  25 %  stripe 250 of 1000  50.0 MiB/s  30 s left")
        #expect(ProgressLine.text("verify", progress, seconds: 0.1) == "verify  25 %  stripe 250 of 1000", "too early to tell")
        #expect(
            ProgressLine.duration(59.4) == "59 s" && ProgressLine.duration(61) == "1 min 1 s" && ProgressLine.duration(7260) == "2 h 1 min"
        )
    }

    @Test func `on a terminal the line is written at once, again at most five times a second, and taken away`() {
        let screen = Screen()
        let line = ProgressLine("rebuild", isTerminal: true, write: screen.write)
        for stripe in 1...1000 { line.show(VolumeProgress(done: stripe, total: 1000, bytesRead: stripe)) }
        line.end()
        #expect(screen.texts.first == "\rrebuild  0 %  stripe 1 of 1000\u{1b}[K" && screen.texts.last == "\r\u{1b}[K")
        #expect(screen.texts.count < 100)
    }

    @Test func `where there is no terminal a short pass says nothing, and a line is a line`() {
        let screen = Screen()
        let line = ProgressLine("rebuild", isTerminal: false, write: screen.write)
        for stripe in 1...1000 { line.show(VolumeProgress(done: stripe, total: 1000, bytesRead: stripe)) }
        line.end()
        let bar = ProgressBar("simulating", total: 1000, isTerminal: false, write: screen.write)
        bar.advance(1000)
        bar.finish()
        #expect(screen.texts.isEmpty)
        let text = ProgressBar.text("simulating", 0.25, seconds: 20, isTerminal: false)
        #expect(text == "simulating: 25 % after 20 s, about 1 min 0 s left")
    }

    @Test func `the bar fills`() {
        let text = ProgressBar.text("simulating", 0.5, seconds: 4, isTerminal: true)
        #expect(text.filter { $0 == "█" }.count == 20 && text.filter { $0 == "░" }.count == 20 && text.contains("50 %  about 4 s left"))
        #expect(ProgressBar.text("simulating", 0, seconds: 4, isTerminal: true).contains(" 0 %"))
    }
}
