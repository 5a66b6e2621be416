// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension ConfigurationProblem {
    /// A value that its setting refuses.
    init(_ setting: Setting, _ value: String, _ refusal: ValueRefusal, _ source: SettingSource) {
        let quoted = Quote.value(value)
        switch refusal {
        case .malformed(let because, let suggestion):
            let range = setting.allowed.map { " (\($0))" } ?? ""
            self.init(
                .invalidValue,
                at: source,
                key: setting.key,
                value: value,
                "\(quoted) is not \(because == nil ? setting.phrase : "allowed: \(because ?? "")")",
                allowed: "write \(setting.writing)\(range)",
                suggestion: suggestion ?? NearestName.find(value, among: setting.choices)
            )
        case .tooSmall, .tooLarge:
            self.init(
                .outOfRange,
                at: source,
                key: setting.key,
                value: value,
                "\(quoted) is too \(refusal == .tooSmall ? "small" : "large")",
                allowed: setting.bounds.map { "allowed: \($0)" }
            )
        }
    }

    /// A setting with nothing after its name.
    init(empty setting: Setting, at source: SettingSource) {
        self.init(.emptyValue, at: source, key: setting.key, "no value", allowed: "write \(setting.writing)")
    }

    /// A setting with a list or a section after its name.
    init(notOneValue setting: Setting, _ what: String, at source: SettingSource) {
        self.init(.wrongShape, at: source, key: setting.key, "\(what), and not one value", allowed: "write \(setting.writing)")
    }

    /// A setting that must be set and is not.
    init(missing setting: Setting, severity: Severity, in path: String?) {
        let why =
            if case .derived(_, let needs, _) = setting.defaultValue { "not set, and without \(needs) there is no default" } else {
                "not set"
            }
        let flag = setting.flag.map { "give \($0) \(setting.placeholder), " } ?? ""
        self.init(
            .missing,
            severity,
            at: path.map { .file(path: $0) },
            key: setting.key,
            why,
            allowed: "\(flag)set \(setting.environmentName), or write \(setting.key) in the settings file"
        )
    }

    /// A setting that was read anew and is another one, which a running program cannot take over.
    init(needsRestart setting: Setting, old: String, new: String, at source: SettingSource?) {
        self.init(
            .needsRestart,
            .warning,
            at: source,
            key: setting.key,
            value: new,
            "\(Quote.value(new)) needs a restart",
            allowed: "until then it stays \(Quote.value(old))"
        )
    }

    /// Settings that do not agree.
    init(_ relation: SettingRelation, _ violation: String, _ settings: GyreSettings) {
        let key = relation.keys.first { settings.sources[$0].map { $0 != .defaultValue } ?? false } ?? relation.keys.first ?? ""
        self.init(
            .conflict,
            at: settings.sources[key],
            key: key,
            violation,
            allowed: "rule \(relation.rule.rawValue): \(relation.rule.summary)"
        )
    }
}
