// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreTelemetry

@Suite struct LogTargetTests {
    static let patience = 60_000

    /// A folder that is gone when `body` is done.
    static func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gyre-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    static func words(_ file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            line.split(separator: " ").dropFirst(6).first.map(String.init)
        }
    }

    @Test func linesAreAddedToTheFile() throws {
        try Self.inFolder { folder in
            let file = folder.appendingPathComponent("access.log")
            for word in ["/1", "/2"] {
                let writer = AccessLogWriter(target: try FileLogTarget(path: file.path))
                AccessLogWriterTests.line(word, AccessLogBuffer(writer: writer, layout: .combined))
                #expect(writer.close(withinMilliseconds: Self.patience))
            }
            #expect(try Self.words(file) == ["/1", "/2"])
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect((mode ?? 0o777) & 0o137 == 0)
        }
    }

    @Test func aRotatedFileIsFollowedByANewOneAndNoLineIsLost() throws {
        try Self.inFolder { folder in
            let (file, old) = (folder.appendingPathComponent("access.log"), folder.appendingPathComponent("access.log.1"))
            let writer = AccessLogWriter(target: try FileLogTarget(path: file.path))
            let buffer = AccessLogBuffer(writer: writer, layout: .combined)
            AccessLogWriterTests.line("/before", buffer)
            #expect(writer.flush(withinMilliseconds: Self.patience))
            try FileManager.default.moveItem(at: file, to: old)
            AccessLogWriterTests.line("/renamed", buffer)
            #expect(writer.flush(withinMilliseconds: Self.patience))
            writer.requestReopen()
            AccessLogWriterTests.line("/after", buffer)
            #expect(writer.close(withinMilliseconds: Self.patience))
            #expect(try Self.words(old) == ["/before", "/renamed"])
            #expect(try Self.words(file) == ["/after"])
            #expect(writer.statistics.errors == [.open: 0, .write: 0, .reopen: 0])
        }
    }

    @Test func aFileThatCannotBeOpenedAnewLeavesTheOldOneInUse() throws {
        try Self.inFolder { folder in
            let inner = folder.appendingPathComponent("inner")
            let kept = folder.appendingPathComponent("kept.log")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
            let file = inner.appendingPathComponent("access.log")
            let writer = AccessLogWriter(target: try FileLogTarget(path: file.path))
            let buffer = AccessLogBuffer(writer: writer, layout: .combined)
            try FileManager.default.moveItem(at: file, to: kept)
            try FileManager.default.removeItem(at: inner)
            writer.requestReopen()
            AccessLogWriterTests.line("/1", buffer)
            #expect(writer.close(withinMilliseconds: Self.patience))
            #expect(try Self.words(kept) == ["/1"])
            #expect(writer.statistics.errors == [.open: 0, .write: 0, .reopen: 1])
            #expect(writer.statistics.linesWritten == 1)
        }
    }

    @Test func aFileThatCannotBeOpenedIsAnError() throws {
        try Self.inFolder { folder in
            #expect(throws: LogTargetError(.open, errorNumber: ENOENT)) {
                _ = try FileLogTarget(path: folder.appendingPathComponent("none/access.log").path)
            }
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no device that is always full"))
    func aFullDiskIsCountedAndStopsNothing() throws {
        let writer = AccessLogWriter(target: try FileLogTarget(path: "/dev/full"))
        let buffer = AccessLogBuffer(writer: writer, layout: .combined)
        for word in ["/1", "/2"] { AccessLogWriterTests.line(word, buffer) }
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(writer.statistics.errors[.write] == 2)
        #expect(writer.statistics.linesDropped[.writeError] == 2)
    }

    @Test func aPipeThatNobodyReadsIsAnErrorAndNotTheEndOfTheProcess() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        _ = systemClose(ends[0])
        defer { _ = systemClose(ends[1]) }
        let writer = AccessLogWriter(target: StandardOutputLogTarget(descriptor: ends[1]))
        AccessLogWriterTests.line("/1", AccessLogBuffer(writer: writer, layout: .combined))
        #expect(writer.close(withinMilliseconds: Self.patience))
        #expect(writer.statistics.errors[.write] == 1)
    }
}
