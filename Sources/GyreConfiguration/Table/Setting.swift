// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One row of the table of settings.
///
/// The row ties a name to a typed property of ``GyreSettings``; the property's type decides how the text is read.
public struct Setting: Sendable {
    /// The name in the settings file and in messages, such as `server.max-head`.
    public let key: String
    /// The command-line flag, such as `--listen`, where the setting has one.
    public let flag: String?
    /// The kind of value in one or a few words, such as `size or unlimited`.
    public let typeName: String
    /// How a value is written, such as `a number with ms, s, m, h or d, for example 5s`.
    public let writing: String
    /// The allowed range in words, such as `at least 8MiB`; nil when every value of the kind will do.
    public let allowed: String?
    /// What stands for the value after the flag, such as `SIZE`.
    public let placeholder: String
    /// What the setting does, in one line without a full stop.
    public let summary: String

    /// Whether a flag may be given more than once, and a list in the settings file.
    public let isList: Bool

    let phrase: String
    let bounds: String?
    let choices: [String]
    let defaultValue: SettingDefault
    /// Whether a text would do, without keeping the value.
    let check: @Sendable (String, SettingContext) throws(ValueRefusal) -> Void
    let apply: @Sendable (String, SettingContext, inout GyreSettings) throws(ValueRefusal) -> Void
    /// The current value as it would be written.
    let format: @Sendable (GyreSettings) -> String

    init<Value: Sendable>(
        _ key: String,
        _ property: any WritableKeyPath<GyreSettings, Value> & Sendable,
        _ type: SettingType<Value>,
        default defaultValue: SettingDefault,
        flag: String? = nil,
        _ summary: String
    ) {
        self.key = key
        self.flag = flag
        self.summary = summary
        self.defaultValue = defaultValue
        typeName = type.name
        writing = type.writing
        allowed = type.allowed
        placeholder = type.placeholder
        isList = type.isList
        phrase = type.phrase
        bounds = type.bounds ?? type.allowed
        choices = type.choices
        check = { (text: String, context: SettingContext) throws(ValueRefusal) in _ = try type.parse(text, context) }
        apply = { (text: String, context: SettingContext, settings: inout GyreSettings) throws(ValueRefusal) in
            settings[keyPath: property] = try type.parse(text, context)
        }
        format = { type.format($0[keyPath: property]) }
    }

    /// The name of the environment variable, such as `GYRE_SERVER_MAX_HEAD`.
    public var environmentName: String {
        SettingsTable.environmentPrefix
            + String(key.map { $0 == "." || $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// The part before the point, such as `server`.
    public var section: String {
        String(key.prefix { $0 != "." })
    }

    /// Whether the program cannot start without a value given by its user.
    public var isRequired: Bool {
        switch defaultValue {
        case .required, .requiredUnless: true
        case .text, .derived: false
        }
    }

    /// The default as the manual shows it; nil when the setting is required.
    public var defaultText: String? {
        switch defaultValue {
        case .required, .requiredUnless: nil
        case .text(let text): text
        case .derived(let words, _, _): words
        }
    }
}

/// What a setting is when nobody has set it.
enum SettingDefault: Sendable, ExpressibleByStringLiteral {
    /// There is none; somebody must set it.
    case required
    /// There is none; somebody must set it, unless the boolean setting of this name is true.
    case requiredUnless(String)
    /// This text.
    case text(String)
    /// A text that depends on the user, the words for it, and what it needs; nil where that is not there.
    case derived(words: String, needs: String, @Sendable (SettingContext) -> String?)

    init(stringLiteral value: String) {
        self = .text(value)
    }

    func text(in context: SettingContext) -> String? {
        switch self {
        case .required, .requiredUnless: nil
        case .text(let text): text
        case .derived(_, _, let make): make(context)
        }
    }
}
