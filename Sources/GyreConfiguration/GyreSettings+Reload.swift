// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension GyreSettings {
    /// Settings that a running program takes over when they are read again, as `origins` and `sites` are.
    static let reloaded: Set<String> = ["origin.url", "forward.users"]

    /// What is different here from the settings of the running program, and only a restart can change: a warning for each, with its place.
    public func needingRestart(after running: GyreSettings) -> [ConfigurationProblem] {
        SettingsTable.settings.compactMap { setting in
            let old = setting.format(running)
            let new = setting.format(self)
            guard old != new else { return nil }
            // There is one or there is none: that decides what is in the keys, and who is asked for a password.
            let isThere = [running, self].map { setting.key == "origin.url" ? $0.origin.url != nil : $0.forward.users != nil }
            if Self.reloaded.contains(setting.key), isThere[0] == isThere[1] { return nil }
            return ConfigurationProblem(needsRestart: setting, old: old, new: new, at: sources[setting.key])
        }
    }

    /// These settings with what a running program takes over from others.
    public func takingOver(_ new: GyreSettings) -> GyreSettings {
        var result = self
        if origin.url != nil, let url = new.origin.url { result.origin.url = url }
        if forward.users != nil, let users = new.forward.users { result.forward.users = users }
        result.siteRules = new.siteRules
        return result
    }
}
