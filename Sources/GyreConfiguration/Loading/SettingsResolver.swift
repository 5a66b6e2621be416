// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Configuration

/// Brings the four sources of settings together.
///
/// The values flow through swift-configuration, which decides the precedence; this type checks what each source holds, turns texts into
/// typed values and collects every problem on the way.
struct SettingsResolver {
    /// What the result is for.
    enum Purpose {
        /// The program is to start: what is required must be there.
        case complete
        /// A file is looked at alone: what is required may still come as a flag.
        case fileAlone
    }

    let commandLine: [String: String]
    let environment: [String: String]
    let file: SettingsFile?
    let context: SettingContext

    init(commandLine: [String: String], environment: [String: String], file: SettingsFile?, availableCores: Int) {
        self.commandLine = commandLine
        self.environment = environment.filter { $0.key.hasPrefix(SettingsTable.environmentPrefix) }
        self.file = file
        context = SettingContext(environment: environment, availableCores: availableCores)
    }

    /// The settings, of use only when no problem is an error, and all problems: first those of the file in its order, then those of the
    /// environment and of the command line, then what is missing and what does not agree.
    func resolve(_ purpose: Purpose) -> (settings: GyreSettings, problems: [ConfigurationProblem]) {
        var problems = fileProblems() + environmentProblems() + commandLineProblems()
        var settings = GyreSettings()
        var failed: Set<String> = []
        let levels = LevelRecorder()
        let reader = reader(reportingTo: levels)
        for setting in SettingsTable.settings {
            let text = reader.string(forKey: ConfigKey(setting.key))
            let level = levels.level(of: setting.key)
            guard let text, let level else {
                if case .requiredUnless(let other) = setting.defaultValue, reader.string(forKey: ConfigKey(other)) == "true" {
                    settings.sources[setting.key] = .defaultValue
                    continue
                }
                failed.insert(setting.key)
                if let problem = missing(setting, purpose) { problems.append(problem) }
                continue
            }
            settings.sources[setting.key] = source(of: setting, at: level)
            do throws(ValueRefusal) {
                try setting.apply(text, context, &settings)
            } catch {
                failed.insert(setting.key)
                // What the other sources hold has been looked at above.
                if level == .defaults { problems.append(ConfigurationProblem(setting, text, error, .defaultValue)) }
            }
        }
        for relation in SettingRelations.all where failed.isDisjoint(with: relation.keys) {
            guard let violation = relation.violation(settings) else { continue }
            problems.append(ConfigurationProblem(relation, violation, settings))
        }
        settings.siteRules = file?.rules ?? SiteRules()
        settings.warnings = problems.filter { $0.severity == .warning }
        return (settings, problems)
    }

    private func reader(reportingTo levels: LevelRecorder) -> ConfigReader {
        let environmentKeys = ConfigKey([String(SettingsTable.environmentPrefix.dropLast())])
        let defaults = SettingsTable.settings.compactMap { setting in
            setting.defaultValue.text(in: context).map { (setting.key, $0) }
        }
        // In the order of SettingLevel.
        let providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: Self.values(commandLine.map { ($0, $1) })),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: environmentKeys),
            InMemoryProvider(name: "file", values: Self.values(file?.entries.map { ($0, $1.text) } ?? [])),
            InMemoryProvider(name: "defaults", values: Self.values(defaults)),
        ]
        return ConfigReader(providers: providers, accessReporter: levels)
    }

    private static func values(_ texts: [(key: String, text: String)]) -> [AbsoluteConfigKey: ConfigValue] {
        let values = texts.map { (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.text), isSecret: false)) }
        return Dictionary(values, uniquingKeysWith: { first, _ in first })
    }

    private func source(of setting: Setting, at level: SettingLevel) -> SettingSource {
        switch level {
        case .commandLine: .commandLine(flag: setting.flag)
        case .environment: .environment(name: setting.environmentName)
        case .file: file?.source(of: setting.key) ?? .defaultValue
        case .defaults: .defaultValue
        }
    }

    private func missing(_ setting: Setting, _ purpose: Purpose) -> ConfigurationProblem? {
        switch (purpose, setting.isRequired) {
        case (.complete, _): ConfigurationProblem(missing: setting, severity: .error, in: nil)
        case (.fileAlone, true): ConfigurationProblem(missing: setting, severity: .warning, in: file?.path)
        // A default that depends on the user is no matter of the file.
        case (.fileAlone, false): nil
        }
    }
}
