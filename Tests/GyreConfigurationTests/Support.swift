// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreConfiguration

/// An environment in which every default can be made.
let home = ["HOME": "/home/gyre"]

/// Resolves settings from texts, without touching the disk.
func resolve(
    commandLine: [String: String] = [:],
    environment: [String: String] = home,
    file: String? = nil,
    cores: Int = 4,
    for purpose: SettingsResolver.Purpose = .complete
) -> (settings: GyreSettings, problems: [ConfigurationProblem]) {
    SettingsResolver(
        commandLine: commandLine,
        environment: environment,
        file: file.map { SettingsFile(path: "gyre.yaml", text: $0) },
        availableCores: cores
    )
    .resolve(purpose)
}

/// The rendered problems of a file that is otherwise complete.
func problems(inFile text: String, commandLine: [String: String] = ["origin.url": "http://origin.example"]) -> [String] {
    resolve(commandLine: commandLine, file: text).problems.map { $0.render() }
}

/// Runs a body with a file of these bytes in a folder of its own.
func withFile<Result>(_ bytes: some Collection<UInt8>, _ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gyre-settings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("gyre.yaml")
    try Data(bytes).write(to: file)
    return try await body(file.path)
}

extension GyreSettings {
    /// Every property of every section, as text.
    var leaves: [String: String] {
        var result: [String: String] = [:]
        for section in Mirror(reflecting: self).children where !["warnings", "sources", "siteRules"].contains(section.label) {
            for property in Mirror(reflecting: section.value).children {
                result["\(section.label ?? "?").\(property.label ?? "?")"] = String(reflecting: property.value)
            }
        }
        return result
    }
}
