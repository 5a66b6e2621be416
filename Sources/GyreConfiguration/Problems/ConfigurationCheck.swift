// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Looks for what is wrong without starting anything.
public enum ConfigurationCheck {
    /// Every problem of a settings file, in the order of the file; empty when there is none.
    ///
    /// With `commandLine` and `environment` left out, the file is looked at alone: what it does not set is taken at its default, and a
    /// required setting that it lacks is a warning, because a flag may still bring it.
    public static func check(
        file: String,
        commandLine: [String: String] = [:],
        environment: [String: String] = [:],
        availableCores: Int = ProcessorCores.available()
    ) -> [ConfigurationProblem] {
        let resolver = SettingsResolver(
            commandLine: commandLine,
            environment: environment,
            file: SettingsFile(readingFrom: file),
            availableCores: availableCores
        )
        return resolver.resolve(.fileAlone).problems
    }
}
