// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

/// Many files fetched by one real curl, 16 at a time, and compared by a real `sha256sum`.
struct Download: Sendable {
    let tree: OriginTree
    let server: String
    private let rig: Rig
    private let folder: String
    private let process: ChildProcess

    /// Starts curl on all files of the tree.
    static func start(_ tree: OriginTree, from server: String, in rig: Rig) throws -> Download {
        let folder = rig.folder.file("bodies")
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let requests = tree.entries.map { "url = \"\(server)\($0.path)\"\noutput = \"\(folder)/\($0.name)\"\n" }.joined()
        let configuration = try rig.write("curl.conf", requests)
        let process = try rig.start(
            try Program.find("curl"),
            [
                "--parallel", "--parallel-max", "16", "--silent", "--show-error", "--fail", "--max-time", "240", "--no-progress-meter",
                "--write-out", "%{exitcode} %{http_code} %{filename_effective}\\n", "--config", configuration,
            ]
        )
        return Download(tree: tree, server: server, rig: rig, folder: folder, process: process)
    }

    /// Waits for the end of a download that must be whole, and compares every body.
    func expectAllRight(_ pass: Comment, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let exit = try await process.waitForExit(within: .seconds(240))
        let messages = String(process.errors.prefix(600))
        #expect(exit == .status(0), "\(pass.rawValue): curl failed: \(messages)", sourceLocation: sourceLocation)
        let right = finished()
        #expect(right.count == tree.entries.count, "\(pass.rawValue): not every file came", sourceLocation: sourceLocation)
        try await compare(tree.sums, pass, sourceLocation)
    }

    /// Waits for the end of a download that broke off, and compares the bodies that curl says are whole.
    /// - Returns: how many were whole.
    func expectNoneWrong(_ pass: Comment, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int {
        _ = try await process.waitForExit(within: .seconds(240))
        let whole = finished()
        try await compare(tree.sums.filter { whole.contains($0.suffix(9)) }, pass, sourceLocation)
        return whole.count
    }

    /// The names that came whole with status 200.
    private func finished() -> Set<Substring> {
        var names: Set<Substring> = []
        for line in process.output.split(separator: "\n") where line.hasPrefix("0 200 ") { names.insert(line.suffix(9)) }
        return names
    }

    private func compare(_ sums: [Substring], _ pass: Comment, _ sourceLocation: SourceLocation) async throws {
        guard !sums.isEmpty else { return }
        let list = try rig.write("sums", sums.joined(separator: "\n") + "\n")
        let check = try await rig.run(
            "/bin/sh",
            ["-c", "cd '\(folder)' && sha256sum --check --quiet --strict '\(list)'"],
            within: .seconds(120)
        )
        let complaints = String(check.output.prefix(600)) + String(check.errors.prefix(600))
        #expect(check.ended == .status(0), "\(pass.rawValue): wrong bytes: \(complaints)", sourceLocation: sourceLocation)
    }
}
