// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsResolver {
    /// The problems of the file, in its order.
    func fileProblems() -> [ConfigurationProblem] {
        guard let file else { return [] }
        var problems = file.problems
        for (key, entry) in file.entries {
            guard let setting = SettingsTable.setting(key) else { continue }
            let source = SettingSource.file(path: file.path, line: entry.line, column: entry.column)
            if let problem = check(setting, entry.text, source) { problems.append(problem) }
        }
        return problems.sorted { ($0.source?.position ?? (0, 0)) < ($1.source?.position ?? (0, 0)) }
    }

    /// Wrong values are errors. Unknown names are warnings: others may put variables there, as Kubernetes does for a service of this name.
    func environmentProblems() -> [ConfigurationProblem] {
        let known = Dictionary(SettingsTable.settings.map { ($0.environmentName, $0) }, uniquingKeysWith: { first, _ in first })
        return environment.sorted { $0.key < $1.key }.compactMap { name, text in
            if let setting = known[name] { return check(setting, text, .environment(name: name)) }
            return ConfigurationProblem(unknownVariable: name)
        }
    }

    /// Values whose names come from the program's own flags, or from an option that takes any name.
    func commandLineProblems() -> [ConfigurationProblem] {
        commandLine.sorted { $0.key < $1.key }.compactMap { key, text in
            guard let setting = SettingsTable.setting(key) else {
                return ConfigurationProblem(unknown: key, isSection: false, at: .commandLine(flag: nil))
            }
            return check(setting, text, .commandLine(flag: setting.flag))
        }
    }

    private func check(_ setting: Setting, _ text: String, _ source: SettingSource) -> ConfigurationProblem? {
        do throws(ValueRefusal) {
            try setting.check(text, context)
            return nil
        } catch {
            return ConfigurationProblem(setting, text, error, source)
        }
    }
}
