// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension ConfigurationProblem {
    /// A name in the file, or on the command line, that no setting has.
    init(unknown name: String, isSection: Bool, at source: SettingSource) {
        let sections = SettingsTable.sections.map(\.name)
        let names = isSection && !name.contains(".") ? sections : SettingsTable.settings.map(\.key)
        let last = name.reversed().prefix { $0 != "." }.reversed()
        self.init(
            .unknownSetting,
            at: source,
            key: name,
            isSection ? "unknown section" : "unknown setting",
            suggestion: NearestName.find(name, among: names, ending: ".\(String(last))")
        )
    }

    /// An environment variable that looks like a setting and is none.
    init(unknownVariable name: String) {
        // The prefix is the same for all, so it must not count as likeness.
        let prefix = SettingsTable.environmentPrefix
        let names = SettingsTable.settings.map { String($0.environmentName.dropFirst(prefix.count)) }
        let bare = String(name.dropFirst(prefix.count))
        let nearest = NearestName.find(bare, among: names, ending: "_\(bare)")
        self.init(
            .unknownVariable,
            .warning,
            at: .environment(name: name),
            "no setting has this name",
            suggestion: nearest.map { prefix + $0 }
        )
    }

    /// A name that stands in the file for the second time.
    init(repeated name: String, firstLine: Int, at source: SettingSource) {
        self.init(.repeated, at: source, key: name, "written twice; first on line \(firstLine)")
    }

    /// A name that stands in the file twice, in a way that cannot be looked into further.
    init(repeated name: String, path: String, line: Int, column: Int) {
        self.init(.repeated, at: .file(path: path, line: line, column: column), key: name, "written twice")
    }

    /// A key that is a list or a section itself.
    init(notAName source: SettingSource) {
        self.init(.wrongShape, at: source, "a list or section where the name of a setting belongs")
    }

    /// A section with one value or a list after its name.
    init(sectionIsValue name: String, at source: SettingSource) {
        let keys = SettingsTable.settings.filter { $0.section == name }.map(\.key)
        self.init(
            .wrongShape,
            at: source,
            key: name,
            "a section, and not one setting",
            allowed: "its settings are \(keys.joined(separator: ", "))"
        )
    }

    /// A file that is YAML, and not names and values.
    init(notSettings source: SettingSource) {
        self.init(
            .wrongShape,
            at: source,
            "not a list of settings",
            allowed: "write sections with settings, for example server: {listen: :8080}"
        )
    }

    /// The point after which a file's problems are no longer shown.
    init(tooManyAt source: SettingSource) {
        self.init(.tooMany, at: source, "more than \(SettingLimits.maxFileProblems) problems; the rest is not shown")
    }
}
