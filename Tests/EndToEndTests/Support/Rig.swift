// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Synchronization

/// A folder and the processes of one test. All of it is gone when the test ends, however it ends.
final class Rig: Sendable {
    let folder: TemporaryFolder
    private let children = Mutex<[ChildProcess]>([])

    private init() throws {
        folder = try TemporaryFolder()
        // nginx, started by root, serves as another user.
        chmod(folder.path, 0o755)
    }

    static func run<Result: Sendable>(_ body: (Rig) async throws -> Result) async throws -> Result {
        let rig = try Rig()
        defer { rig.endAll() }
        return try await body(rig)
    }

    func start(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        let number = children.withLock { $0.count }
        let name = path.split(separator: "/").last.map(String.init) ?? "program"
        let child = try ChildProcess(
            path,
            arguments,
            environment: environment.merging(["HOME": folder.path]) { given, _ in given },
            outputPath: folder.file("\(number)-\(name).out"),
            errorPath: folder.file("\(number)-\(name).err")
        )
        children.withLock { $0.append(child) }
        return child
    }

    /// Runs a program to its end.
    func run(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        within limit: Duration = .seconds(30)
    ) async throws -> ChildProcess {
        let child = try start(path, arguments, environment: environment)
        _ = try await child.waitForExit(within: limit)
        return child
    }

    func write(_ name: String, _ text: String) throws -> String {
        let path = folder.file(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func endAll() {
        for child in children.withLock({ $0 }) { child.end() }
    }
}
