// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Yams

extension ConfigurationProblem {
    /// A file that cannot be read as text.
    init(unreadable path: String, _ refusal: FileRefusal) {
        switch refusal {
        case .system(let words):
            self.init(.unreadable, at: .file(path: path), "cannot be read: \(words)")
        case .tooLarge:
            let limit = ByteSize(bytes: SettingLimits.maxFileBytes)
            self.init(.unreadable, at: .file(path: path), "larger than \(limit), so it is no settings file")
        case .notUTF8(let line):
            self.init(.unreadable, at: .file(path: path, line: line), "not UTF-8")
        }
    }

    /// A text that is not YAML.
    init(syntax words: String, path: String, line: Int?, column: Int?, hint: String? = nil) {
        self.init(.syntax, at: .file(path: path, line: line, column: column), "not valid YAML: \(Quote.plain(words))", allowed: hint)
    }

    /// What the parser said, with its position.
    init(_ error: YamlError, path: String) {
        switch error {
        case .scanner(let context, let problem, let mark, let yaml),
            .parser(let context, let problem, let mark, let yaml),
            .composer(let context, let problem, let mark, let yaml):
            let whole = context.map { "\(problem) (\($0.text), line \($0.mark.line))" } ?? problem
            let hint = Self.quotingHint(yaml, from: mark.line - 1, to: mark.line)
            self.init(syntax: whole, path: path, line: mark.line, column: mark.column, hint: hint)
        case .reader(let problem, let offset, _, let yaml):
            let before = offset.map { yaml.prefix($0) }
            let line = before.map { text in text.reduce(1) { $1.isNewline ? $0 + 1 : $0 } }
            let column = before.map { text in text.reversed().prefix { !$0.isNewline }.count + 1 }
            self.init(syntax: problem, path: path, line: line, column: column)
        default:
            self.init(syntax: "\(error)", path: path, line: nil, column: nil)
        }
    }

    /// Two values that settings take must stand in quotes, and what the parser says of them without does not help.
    ///
    /// The parser may notice an address in brackets only on the line after it.
    private static func quotingHint(_ yaml: String, from first: Int, to last: Int) -> String? {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for number in first...last where lines.indices.contains(number - 1) {
            let line = lines[number - 1]
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            if value.hasPrefix("["), value.contains("]:") { return "write an address in brackets in quotes: \"[::1]:8080\"" }
            if value.hasPrefix("-"), value.dropFirst().allSatisfy(\.isWhitespace) { return "write the dash in quotes: \"-\"" }
        }
        return nil
    }
}
