// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingType where Value == Bool {
    /// `true` or `false`. The other words of YAML 1.1 (`yes`, `on`) are refused: the environment and the flags do not know them.
    static var boolean: Self {
        Self(
            name: "boolean",
            phrase: "a boolean",
            writing: "true or false",
            allowed: nil,
            placeholder: "BOOLEAN",
            choices: ["true", "false"],
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> Bool in
                guard let value = Bool(text) else { throw .malformed() }
                return value
            },
            format: { "\($0)" }
        )
    }
}

extension SettingType where Value: SettingChoice {
    /// One word of an enumeration; `phrase` names the enumeration in errors, as in `a log level`.
    static func choice(_ phrase: String) -> Self {
        let words = Value.allCases.map(\.rawValue)
        return Self(
            name: "choice",
            phrase: phrase,
            writing: WordList.or(words),
            allowed: nil,
            placeholder: "WORD",
            choices: words,
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> Value in
                guard let value = Value(rawValue: text) else { throw .malformed() }
                return value
            },
            format: { $0.rawValue }
        )
    }
}

extension SettingType where Value == [String] {
    /// Words separated by commas; one word stands for none at all.
    ///
    /// - Parameters:
    ///   - noun: what the words are, in the plural.
    ///   - fault: what is wrong with a word, in words that follow `because`; nil when it will do.
    static func words(
        _ noun: String,
        example: String,
        none: String = "none",
        fault: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> Self {
        Self(
            name: "list",
            phrase: "a list of \(noun)",
            writing: "\(noun) separated by commas, for example \(example), or \(none)",
            allowed: nil,
            placeholder: "LIST",
            isList: true,
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> [String] in
                if text == none { return [] }
                let words = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "\n" }).map { part in
                    String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                }
                guard words.allSatisfy({ word in !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }) else {
                    throw .malformed()
                }
                if let fault = words.lazy.compactMap(fault).first { throw .malformed(because: fault) }
                return words
            },
            format: { $0.isEmpty ? none : $0.joined(separator: ", ") }
        )
    }
}

extension SettingType where Value == String {
    /// One token (RFC 9110 §5.6.2), or an empty text for `word`.
    static func name(or word: String) -> Self {
        Self(
            name: "name or \(word)",
            phrase: "a name",
            writing: "letters, digits, points and hyphens, or \(word)",
            allowed: nil,
            placeholder: "NAME",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> String in
                if text == word { return "" }
                guard HostSyntax.nameOrIPv4(text[...]) != nil else { throw .malformed() }
                return text
            },
            format: { $0.isEmpty ? word : $0 }
        )
    }
}

extension SettingType where Value == String? {
    /// The path of a file, or nil for `word`.
    static func path(orNil word: String) -> Self { SettingType<String>.path.orNil(word) }
}

extension SettingType where Value == OriginURL? {
    /// The scheme, host and port of an origin, or nil for `word`.
    static func originURL(orNil word: String) -> Self { SettingType<OriginURL>.originURL.orNil(word) }
}

extension SettingType where Value == OriginURL {
    /// The scheme, host and port of an origin.
    static var originURL: Self {
        Self(
            name: "URL",
            phrase: "an origin URL",
            writing: "http:// or https:// with a host and, if needed, a port, for example http://127.0.0.1:9000",
            allowed: nil,
            placeholder: "URL",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> OriginURL in try OriginURL(parsing: text) },
            format: { "\($0)" }
        )
    }
}

extension SettingType where Value == ListenAddress {
    /// An address to listen on.
    static var address: Self {
        Self(
            name: "address",
            phrase: "an address",
            writing: "host:port, [v6]:port or :port, for example 127.0.0.1:8080",
            allowed: nil,
            placeholder: "ADDRESS",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> ListenAddress in try ListenAddress(parsing: text) },
            format: { "\($0)" }
        )
    }
}

extension SettingType where Value == ListenAddress? {
    /// An address to listen on, or nil for `word`.
    static func address(orNil word: String) -> Self {
        SettingType<ListenAddress>.address.orNil(word)
    }
}

extension SettingType where Value == String {
    /// The path of a file. A `~/` at its start is the home folder: in a settings file no shell has put it there.
    static var path: Self {
        Self(
            name: "path",
            phrase: "a path",
            writing: "the path of a file",
            allowed: nil,
            placeholder: "PATH",
            parse: { (text: String, context: SettingContext) throws(ValueRefusal) -> String in
                guard !text.isEmpty, !text.utf8.contains(0) else { throw .malformed() }
                guard text.hasPrefix("~/") else { return text }
                guard let home = context.homeFolder else { throw .malformed(because: "HOME is not set, so there is no ~") }
                return home + text.dropFirst()
            },
            format: { $0 }
        )
    }
}

extension SettingType where Value == VolumeLocation {
    /// One or more volumes, separated by commas or in lines of their own, or `none`.
    static var volumeLocation: Self {
        SettingType<[VolumePlace]>(
            name: "paths",
            phrase: "a volume",
            writing: "the path of a file or device, :SIZE and :WEIGHT after it if needed, a comma between several",
            allowed: nil,
            placeholder: "PATH[:SIZE[:WEIGHT]]",
            isList: true,
            parse: { (text: String, context: SettingContext) throws(ValueRefusal) -> [VolumePlace] in
                var places: [VolumePlace] = []
                for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "\n" }) {
                    let place = try VolumePlace(parsing: String(part.drop { $0 == " " }), context)
                    guard !places.contains(where: { $0.path == place.path }) else { throw .malformed(because: "a volume is named twice") }
                    places.append(place)
                }
                guard places.count <= SettingLimits.volumes.upperBound else {
                    throw .malformed(because: "there are more than \(SettingLimits.volumes.upperBound) volumes")
                }
                return places
            },
            format: { $0.map(\.description).joined(separator: ",") }
        ).or(
            "none",
            wrap: { .volumes($0) },
            unwrap: { if case .volumes(let places) = $0 { places } else { nil } },
            special: { _ in .memoryOnly }
        )
    }
}

extension SettingType where Value == AccessLogTarget {
    /// The path of a log file, `-` for standard output, or `none`.
    static var accessLogTarget: Self {
        let path = SettingType<String>.path
        return Self(
            name: "path, - or none",
            phrase: path.phrase,
            writing: "\(path.writing), \"-\" for standard output, or none",
            allowed: nil,
            placeholder: path.placeholder,
            parse: { (text: String, context: SettingContext) throws(ValueRefusal) -> AccessLogTarget in
                switch text {
                case "-": .standardOutput
                case "none": .off
                default: .file(try path.parse(text, context))
                }
            },
            format: { target in
                switch target {
                case .standardOutput: "-"
                case .off: "none"
                case .file(let path): path
                }
            }
        )
    }
}

/// Lists of words in sentences.
enum WordList {
    /// `a`, `a or b`, `a, b or c`.
    static func or(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) or \(last)"
    }
}
