// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// All settings of a running Gyre, as typed values.
///
/// Made by ``load(commandLine:environment:file:availableCores:)`` only, so each value has been checked, and so has how they agree.
/// Every property belongs to one row of ``SettingsTable``; the summaries there are the documentation of the properties.
public struct GyreSettings: Sendable {
    /// The site behind the cache.
    public internal(set) var origin = Origin()
    /// A proxy that fetches from whatever host a client names.
    public internal(set) var forward = Forward()
    /// The side that clients see.
    public internal(set) var server = Server()
    /// Metrics and health.
    public internal(set) var admin = Admin()
    /// Objects in memory.
    public internal(set) var memory = Memory()
    /// Objects on disk.
    public internal(set) var volume = Volume()
    /// What is stored, and for how long.
    public internal(set) var cache = Cache()
    /// Logs.
    public internal(set) var log = Log()

    /// The rules for sites, and the origins that they name: from the settings file alone.
    public internal(set) var siteRules = SiteRules()

    /// What was not wrong enough to stop, such as an unknown environment variable.
    public internal(set) var warnings: [ConfigurationProblem] = []

    var sources: [String: SettingSource] = [:]

    init() {}

    /// Where the value of a setting came from; nil for a name that is not in the table.
    public func source(of key: String) -> SettingSource? {
        sources[key]
    }
}

extension GyreSettings {
    /// Resolves every setting: a flag wins over the environment, the environment over the file, the file over the default.
    ///
    /// Every value that was given is checked, also one that a stronger source hides. All problems are found before the function throws.
    /// The file is read once, on the calling thread; it may have up to 1 MiB.
    ///
    /// - Parameters:
    ///   - commandLine: The values of flags by the name of their setting, as in `["server.listen": ":80"]`.
    ///   - environment: The whole environment of the process; only `GYRE_…`, `HOME` and `XDG_CACHE_HOME` are looked at.
    ///   - file: The path of a YAML (or JSON) file, if there is one. It must exist.
    ///   - availableCores: How many workers `auto` stands for.
    /// - Throws: Every problem, at least one of them an error.
    public static func load(
        commandLine: [String: String] = [:],
        environment: [String: String],
        file: String?,
        availableCores: Int = ProcessorCores.available()
    ) async throws(ConfigurationError) -> GyreSettings {
        let resolver = SettingsResolver(
            commandLine: commandLine,
            environment: environment,
            file: file.map(SettingsFile.init(readingFrom:)),
            availableCores: availableCores
        )
        let (settings, problems) = resolver.resolve(.complete)
        guard !problems.contains(where: { $0.severity == .error }) else { throw ConfigurationError(problems: problems) }
        return settings
    }
}
