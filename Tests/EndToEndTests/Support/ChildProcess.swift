// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Synchronization

/// One process that a test started, known by its id; what it prints goes to two files.
final class ChildProcess: Sendable {
    enum Exit: Equatable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    let name: String
    let pid: pid_t
    let outputPath: String
    let errorPath: String
    private let exit = Mutex<Exit?>(nil)

    /// Starts a program with only the environment given here beside `PATH` and `TMPDIR`.
    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], outputPath: String, errorPath: String) throws {
        name = path.split(separator: "/").last.map(String.init) ?? path
        self.outputPath = outputPath
        self.errorPath = errorPath
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        // A socket of another test that slips into a child would stay open as long as the child. Numbers that are not open do no harm.
        for number in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, number) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var variables = environment
        for inherited in ["PATH", "TMPDIR", "LD_LIBRARY_PATH"] where variables[inherited] == nil {
            variables[inherited] = ProcessInfo.processInfo.environment[inherited]
        }
        var argv = ([path] + arguments).map { strdup($0) }
        var envp = variables.map { strdup("\($0.key)=\($0.value)") }
        argv.append(nil)
        envp.append(nil)
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, &attributes, argv, envp)
        guard result == 0 else { throw Program.Missing(name: path, advice: String(cString: strerror(result))) }
        self.pid = pid
    }

    /// How it ended; nil while it runs.
    var ended: Exit? {
        exit.withLock { exit in
            if let exit { return exit }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            exit = status & 0x7f == 0 ? .status((status >> 8) & 0xff) : .signal(status & 0x7f)
            return exit
        }
    }

    var isRunning: Bool { ended == nil }

    /// Signals the process, unless it has ended and its id may belong to another.
    func signal(_ number: Int32) {
        guard isRunning else { return }
        kill(pid, number)
    }

    func waitForExit(within limit: Duration) async throws -> Exit {
        var last: Exit?
        do {
            try await eventually(within: limit, "\(name) (process \(pid)) ends") {
                last = self.ended
                return last != nil
            }
        } catch is NeverHappened {}
        guard let last else { throw StillRunning(name: name, limit: limit, said: errorTail) }
        return last
    }

    struct StillRunning: Error, CustomStringConvertible {
        let name: String
        let limit: Duration
        let said: String
        var description: String { "\(name) still runs after \(limit); it said: \(said)" }
    }

    /// Ends it without asking and waits until it is gone.
    func end() {
        guard isRunning else { return }
        kill(pid, SIGKILL)
        exit.withLock { exit in
            guard exit == nil else { return }
            var status: Int32 = 0
            if waitpid(pid, &status, 0) == pid { exit = .signal(SIGKILL) }
        }
    }

    var output: String { Self.read(outputPath) }
    var errors: String { Self.read(errorPath) }
    var errorTail: String { String(errors.suffix(800)) }

    private static func read(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Resident memory in bytes (`VmRSS`).
    func residentBytes() throws -> Int {
        // proc(5): the files there tell no size, so they are read until they end.
        let text = Self.read("/proc/\(pid)/status")
        for line in text.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            if let kibibytes = line.split(separator: " ").dropLast().last.flatMap({ Int($0.trimmingCharacters(in: .whitespaces)) }) {
                return kibibytes << 10
            }
        }
        throw Program.Missing(name: "VmRSS of process \(pid)", advice: "it has ended: \(errorTail)")
    }
}
