// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import GyreConfiguration

/// The settings that have a flag. What is not given comes from the environment, the file, or the defaults.
struct SettingOptions: ParsableArguments {
    @Option(help: "The site to cache, for example http://127.0.0.1:9000.")
    var origin: String?
    @Option(help: "Whether to fetch from whatever host a client names, true or false (default false).")
    var forward: String?
    @Option(help: "Where clients connect (default 127.0.0.1:8080).")
    var listen: String?
    @Option(
        help: ArgumentHelp(
            "A volume's file or block device, once for each volume; none for memory alone.",
            valueName: "path[:size[:weight]]"
        )
    )
    var volume: [String] = []
    @Option(name: .customLong("volume-size"), help: "Size of a new volume that does not say its own, for example 10GiB (default 1GiB).")
    var volumeSize: String?
    @Option(help: "Memory for objects, for example 256MiB.")
    var memory: String?
    @Option(help: "Event loops; one for each core unless given.")
    var workers: String?
    @Option(help: "Where metrics and health are, or none (default 127.0.0.1:9180).")
    var admin: String?
    @Option(name: .customLong("access-log"), help: "A file, - for standard output, or none.")
    var accessLog: String?
    @Option(name: .customLong("access-log-format"), help: "combined or json.")
    var accessLogFormat: String?
    @Option(name: .customLong("log-level"), help: "Of the program's own messages.")
    var logLevel: String?
    @Option(help: "A YAML file with any of the settings.")
    var config: String?

    private var byFlag: [String: String] {
        let given: [String: String?] = [
            "--origin": origin, "--forward": forward, "--listen": listen, "--volume": volume.isEmpty ? nil : volume.joined(separator: "\n"),
            "--volume-size": volumeSize, "--memory": memory,
            "--workers": workers, "--admin": admin, "--access-log": accessLog, "--access-log-format": accessLogFormat,
            "--log-level": logLevel,
        ]
        return given.compactMapValues { $0 }
    }

    /// Resolves all settings; problems are printed together and end the program with status 2.
    func load() async throws -> GyreSettings {
        var commandLine: [String: String] = [:]
        for setting in SettingsTable.settings {
            if let flag = setting.flag, let value = byFlag[flag] { commandLine[setting.key] = value }
        }
        do {
            let settings = try await GyreSettings.load(
                commandLine: commandLine,
                environment: ProcessInfo.processInfo.environment,
                file: config
            )
            for warning in settings.warnings { Console.error(warning.render()) }
            return settings
        } catch {
            Console.error(error.render())
            throw ExitCode(2)
        }
    }
}
