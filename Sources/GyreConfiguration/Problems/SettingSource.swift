// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where a value came from.
public enum SettingSource: Sendable, Hashable {
    /// A flag; nil when the value was given on the command line by its name.
    case commandLine(flag: String?)
    /// An environment variable.
    case environment(name: String)
    /// A place in the settings file: line and column from 1, where they are known.
    case file(path: String, line: Int? = nil, column: Int? = nil)
    /// The default of the table.
    case defaultValue

    /// Line and column, for sorting.
    var position: (line: Int, column: Int)? {
        if case .file(_, let line, let column) = self { (line ?? 0, column ?? 0) } else { nil }
    }

    /// The place at the start of a message: as exact as is known.
    var place: String {
        switch self {
        case .file(let path, let line?, let column?): "\(path):\(line):\(column)"
        default: description
        }
    }
}

extension SettingSource: CustomStringConvertible {
    /// The place in a few words: `--listen`, `GYRE_SERVER_LISTEN`, `gyre.yaml:4`, `default`.
    public var description: String {
        switch self {
        case .commandLine(let flag): flag ?? "command line"
        case .environment(let name): Quote.plain(name)
        case .file(let path, let line?, _): "\(path):\(line)"
        case .file(let path, nil, _): path
        case .defaultValue: "default"
        }
    }
}
