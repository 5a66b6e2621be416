// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One thing that is wrong with the settings.
public struct ConfigurationProblem: Error, Sendable, Hashable {
    /// What kind of problem it is. The raw values are stable short names.
    public enum Reason: String, Sendable, CaseIterable {
        /// No setting has this name.
        case unknownSetting = "unknown-setting"
        /// No setting has this environment variable.
        case unknownVariable = "unknown-variable"
        /// The text is not a value of the setting's kind.
        case invalidValue = "invalid-value"
        /// The value is below or above the allowed range.
        case outOfRange = "out-of-range"
        /// The name stands there with nothing after it.
        case emptyValue = "empty-value"
        /// A list or a section where one value belongs, or the other way round.
        case wrongShape = "wrong-shape"
        /// The same name is written twice.
        case repeated = "repeated"
        /// The file is not YAML.
        case syntax = "syntax"
        /// The file cannot be read.
        case unreadable = "unreadable"
        /// A setting without a default is not set.
        case missing = "missing"
        /// Two settings do not agree; see ``SettingRule``.
        case conflict = "conflict"
        /// The value is another one than the running program was started with, and only a restart changes it.
        case needsRestart = "needs-restart"
        /// The file has more problems than are shown.
        case tooMany = "too-many"
    }

    /// Whether a problem stops the program.
    public enum Severity: String, Sendable {
        /// The settings cannot be used.
        case error
        /// The settings can be used, and somebody should look.
        case warning
    }

    /// What kind of problem it is.
    public let reason: Reason
    /// Whether it stops the program.
    public let severity: Severity
    /// Where it is; nil when it is what is missing.
    public let source: SettingSource?
    /// The setting, section or name at fault, where there is one.
    public let key: String?
    /// The value at fault, where there is one, as it was written.
    public let value: String?
    /// What is wrong, as shown after the name.
    public let text: String
    /// What would be right.
    public let allowed: String?
    /// The name or value that was probably meant.
    public let suggestion: String?

    /// A problem from its parts. The inits in the extensions are the only callers.
    init(
        _ reason: Reason,
        _ severity: Severity = .error,
        at source: SettingSource?,
        key: String? = nil,
        value: String? = nil,
        _ text: String,
        allowed: String? = nil,
        suggestion: String? = nil
    ) {
        self.reason = reason
        self.severity = severity
        self.source = source
        self.key = key
        self.value = value
        self.text = text
        self.allowed = allowed
        self.suggestion = suggestion
    }

    /// The problem in one line for people: `gyre.yaml:4:3: server.listn: unknown setting; did you mean "server.listen"?`.
    public func render() -> String {
        var line = ""
        if let source { line += "\(source.place): " }
        if severity == .warning { line += "warning: " }
        if let key { line += "\(Quote.plain(key, limit: SettingLimits.maxQuotedScalars)): " }
        line += text
        if let allowed { line += "; \(allowed)" }
        if let suggestion { line += "; did you mean \(Quote.value(suggestion))?" }
        return line
    }

    /// The source's line, counted from 1, when the problem is in a file and the line is known.
    public var line: Int? {
        if case .file(_, let line, _) = source { line } else { nil }
    }

    /// The source's column in Unicode scalars, counted from 1, when the problem is in a file and the column is known.
    public var column: Int? {
        if case .file(_, _, let column) = source { column } else { nil }
    }
}
