// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a settings file holds: a text and a position for each setting, and what is wrong with its shape.
///
/// One reading of the file serves the check and the values alike, so that both see the same. The texts are not looked at here.
struct SettingsFile {
    /// A value as it is written, and where: line and column from 1, the column in Unicode scalars.
    struct Entry: Equatable {
        var text: String
        var line: Int
        var column: Int
    }

    let path: String
    private(set) var entries: [String: Entry] = [:]
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var rules = SiteRules()

    /// Reads a file; what goes wrong is in `problems`.
    init(readingFrom path: String) {
        self.path = path
        do throws(FileRefusal) {
            take(try FileText.read(path))
        } catch {
            problems = [ConfigurationProblem(unreadable: path, error)]
        }
    }

    /// Reads a text as if it stood in a file of this path.
    init(path: String, text: String) {
        self.path = path
        take(text)
    }

    private mutating func take(_ text: String) {
        do throws(ConfigurationProblem) {
            var walk = SettingsFileWalk(document: try YAMLDocument(text, path: path), path: path)
            walk.run()
            entries = walk.entries
            problems = walk.problems
            rules = walk.rules
        } catch {
            problems = [error]
        }
    }

    func source(of key: String) -> SettingSource? {
        entries[key].map { .file(path: path, line: $0.line, column: $0.column) }
    }
}
