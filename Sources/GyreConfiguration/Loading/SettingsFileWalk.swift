// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Yams

/// Goes through a document and takes the settings out of it.
struct SettingsFileWalk {
    let document: YAMLDocument
    let path: String
    private(set) var entries: [String: SettingsFile.Entry] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    /// What stands under `sites` and `origins`.
    private(set) var rules = SiteRules()
    /// The line of each name that has been seen.
    private var seen: [String: Int] = [:]

    init(document: YAMLDocument, path: String) {
        self.document = document
        self.path = path
    }

    mutating func run() {
        switch document.root {
        case nil: break
        case .mapping(let mapping):
            walk(mapping, under: nil)
            readRules(mapping)
        // A file of which everything is commented out.
        case .scalar(let scalar) where Self.isNull(scalar): break
        case .some(let node): problems.append(ConfigurationProblem(notSettings: source(at: node.mark)))
        }
    }

    private mutating func walk(_ mapping: Node.Mapping, under section: String?) {
        for (key, value) in mapping {
            guard problems.count < SettingLimits.maxFileProblems else {
                problems.append(ConfigurationProblem(tooManyAt: source(at: key.mark)))
                return
            }
            guard let name = document.name(of: key) else {
                problems.append(ConfigurationProblem(notAName: source(at: key.mark)))
                continue
            }
            visit(section.map { "\($0).\(name)" } ?? name, key, value)
        }
    }

    /// Origins first: rules name them.
    private mutating func readRules(_ mapping: Node.Mapping) {
        var reader = SitesReader(document: document, path: path)
        for name in SiteRules.sections {
            for (key, value) in mapping where document.name(of: key) == name { reader.read(name, value) }
        }
        rules = reader.rules
        problems += reader.problems.prefix(SettingLimits.maxFileProblems)
    }

    private mutating func visit(_ name: String, _ key: Node, _ value: Node) {
        let setting = SettingsTable.setting(name)
        guard setting != nil || SettingsTable.isSection(name) || SiteRules.sections.contains(name) else {
            let problem = ConfigurationProblem(unknown: name, isSection: value.mapping != nil, at: source(at: key.mark))
            problems.append(problem)
            return
        }
        if let first = seen[name] {
            problems.append(ConfigurationProblem(repeated: name, firstLine: first, at: source(at: key.mark)))
        } else {
            seen[name] = key.mark?.line ?? 0
        }
        if SiteRules.sections.contains(name) { return }
        if let setting {
            take(value, for: setting)
        } else if let mapping = value.mapping {
            walk(mapping, under: name)
        } else if let scalar = value.scalar, Self.isNull(scalar) {
            // A section of which every setting is commented out.
        } else {
            problems.append(ConfigurationProblem(sectionIsValue: name, at: source(at: value.mark)))
        }
    }

    private mutating func take(_ value: Node, for setting: Setting) {
        switch value {
        case .scalar(let scalar) where Self.isNull(scalar):
            problems.append(ConfigurationProblem(empty: setting, at: source(at: value.mark)))
        case .scalar(let scalar):
            let entry = SettingsFile.Entry(text: scalar.string, line: scalar.mark?.line ?? 0, column: scalar.mark?.column ?? 0)
            // The first of two stands, so that the message about the second names the one in use.
            if entries[setting.key] == nil { entries[setting.key] = entry }
        case .sequence(let sequence) where setting.isList && !sequence.isEmpty && sequence.allSatisfy({ $0.scalar != nil }):
            let text = sequence.compactMap { $0.scalar?.string }.joined(separator: "\n")
            let mark = sequence.first?.mark
            if entries[setting.key] == nil { entries[setting.key] = .init(text: text, line: mark?.line ?? 0, column: mark?.column ?? 0) }
        case .mapping:
            problems.append(ConfigurationProblem(notOneValue: setting, "a section", at: source(at: value.mark)))
        case .sequence, .alias:
            problems.append(ConfigurationProblem(notOneValue: setting, "a list", at: source(at: value.mark)))
        }
    }

    private func source(at mark: Mark?) -> SettingSource {
        .file(path: path, line: mark?.line, column: mark?.column)
    }

    /// Whether nothing is written, or one of the words of YAML 1.1 for it.
    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}
