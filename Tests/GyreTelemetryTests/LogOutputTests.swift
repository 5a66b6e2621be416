// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreTelemetry

@Suite struct LogOutputTests {
    /// What one call of the system answers: it takes bytes, or it fails.
    enum Answer {
        case takes(Int)
        case fails(Int32)
    }

    /// Stands in for the system: answers by a script, then takes everything.
    final class Script {
        private var answers: [Answer]
        private(set) var taken = ""

        init(_ answers: [Answer]) { self.answers = answers.reversed() }

        func write(_ start: UnsafeRawPointer, _ count: Int) -> Int {
            switch answers.popLast() ?? .takes(count) {
            case .takes(let wanted):
                let done = min(wanted, count)
                taken += String(decoding: UnsafeRawBufferPointer(start: start, count: done), as: UTF8.self)
                return done
            case .fails(let number):
                errno = number
                return -1
            }
        }
    }

    /// Writes each text, and says what came out and what was thrown.
    static func run(_ answers: [Answer], _ texts: [String]) -> (taken: String, errors: [LogTargetError?]) {
        let script = Script(answers)
        // A descriptor that always has room, for the case in which it is asked about.
        let descriptor = systemOpen("/dev/null", O_WRONLY, 0)
        defer { _ = systemClose(descriptor) }
        var output = LogOutput(descriptor: descriptor) { script.write($1, $2) }
        var errors: [LogTargetError?] = []
        for text in texts {
            do throws(LogTargetError) {
                let bytes = Array(text.utf8)
                let result = bytes.withUnsafeBytes { region in
                    Result { () throws(LogTargetError) in try output.write(region) }
                }
                try result.get()
                errors.append(nil)
            } catch {
                errors.append(error)
            }
        }
        return (script.taken, errors)
    }

    @Test(
        arguments: [
            [], [.takes(1), .takes(2)], [.fails(EINTR)], [.takes(3), .fails(EINTR), .takes(1)],
            [.fails(EAGAIN), .takes(2), .fails(EAGAIN)],
        ] as [[Answer]]
    )
    func everythingIsWrittenHoweverManyCallsItTakes(answers: [Answer]) {
        let result = Self.run(answers, ["one\n", "two\n"])
        #expect(result.taken == "one\ntwo\n")
        #expect(result.errors == [nil, nil])
    }

    @Test func aFailureSaysHowMuchWasWritten() {
        let result = Self.run([.takes(4), .fails(ENOSPC)], ["one\ntwo\n"])
        #expect(result.errors == [LogTargetError(.write, errorNumber: ENOSPC, writtenBytes: 4)])
    }

    @Test func aWriteOfNothingIsAFullDisk() {
        #expect(Self.run([.takes(0)], ["one\n"]).errors == [LogTargetError(.write, errorNumber: ENOSPC)])
    }

    @Test func aTornLineSpoilsNoOther() {
        let result = Self.run([.takes(6), .fails(ENOSPC)], ["one\ntwo\n", "three\n", "four\n"])
        #expect(result.taken == "one\ntw\nthree\nfour\n")
    }

    @Test func aTornLineIsRememberedUntilItCanBeEnded() {
        let result = Self.run(
            [.takes(2), .fails(ENOSPC), .fails(ENOSPC), .takes(0), .fails(EINTR)],
            ["one\n", "two\n", "three\n", "four\n"]
        )
        #expect(result.taken == "on\nfour\n")
        #expect(
            result.errors == [
                LogTargetError(.write, errorNumber: ENOSPC, writtenBytes: 2), LogTargetError(.write, errorNumber: ENOSPC),
                LogTargetError(.write, errorNumber: ENOSPC), nil,
            ]
        )
    }

    @Test func aWholeLineBeforeTheFailureIsNotTorn() {
        #expect(Self.run([.takes(4), .fails(ENOSPC)], ["one\ntwo\n", "three\n"]).taken == "one\nthree\n")
    }
}
