// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Yams

/// A YAML document as nodes with positions, in which keys may repeat.
///
/// Yams refuses a mapping with a repeated key at once and says nothing of the rest. To find every problem in one pass, the first of two
/// equal keys is given a name that nothing else has, of the same width so that positions hold, and the text is parsed again.
struct YAMLDocument {
    let root: Node?
    /// What renamed keys were called in the file.
    private var originalNames: [String: String] = [:]

    /// Parses a text. Throws the one problem that a parser can find in a text that is not YAML.
    init(_ text: String, path: String) throws(ConfigurationProblem) {
        var lines: [[Unicode.Scalar]]?
        var text = text
        while true {
            do {
                root = try Yams.Parser(yaml: text, encoding: .utf8).singleRoot()
                return
            } catch let YamlError.duplicatedKeysInMapping(duplicates, context) {
                var scalars = lines ?? Self.lines(of: text)
                let name = duplicates.first ?? ""
                guard originalNames.count < SettingLimits.maxFileProblems, let alias = Self.alias(originalNames.count, for: name),
                    Self.rename(name, to: alias, at: context.mark, in: &scalars)
                else { throw ConfigurationProblem(repeated: name, path: path, line: context.mark.line, column: context.mark.column) }
                originalNames[alias] = name
                lines = scalars
                text = Self.text(of: scalars)
            } catch let error as YamlError {
                throw ConfigurationProblem(error, path: path)
            } catch {
                throw ConfigurationProblem(syntax: "\(error)", path: path, line: nil, column: nil)
            }
        }
    }

    /// The key as it stands in the file; nil for a key that is not a scalar.
    func name(of key: Node) -> String? {
        guard let name = key.scalar?.string else { return nil }
        return originalNames[name] ?? name
    }

    /// A name from the private use area of Unicode, with as many scalars as the name that it stands for.
    private static func alias(_ index: Int, for name: String) -> String? {
        guard let scalar = Unicode.Scalar(0xE000 + UInt32(index)), !name.isEmpty else { return nil }
        return String(String.UnicodeScalarView(repeatElement(scalar, count: name.unicodeScalars.count)))
    }

    /// Replaces `name` at a position, or says that it does not stand there as it is (an escape, an alias or a block scalar).
    private static func rename(_ name: String, to alias: String, at mark: Mark, in lines: inout [[Unicode.Scalar]]) -> Bool {
        guard lines.indices.contains(mark.line - 1), mark.column > 0 else { return false }
        let line = lines[mark.line - 1]
        var start = mark.column - 1
        if start < line.count, line[start] == "\"" || line[start] == "'" { start += 1 }
        let end = start + name.unicodeScalars.count
        guard end <= line.count, line[start..<end].elementsEqual(name.unicodeScalars) else { return false }
        lines[mark.line - 1].replaceSubrange(start..<end, with: alias.unicodeScalars)
        return true
    }

    /// The lines as YAML 1.1 counts them (5.4): libyaml ends a line at each of these.
    private static func lines(of text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\n", previous == "\r" {
                lines[lines.count - 2].append(scalar)
            } else {
                lines[lines.count - 1].append(scalar)
                if ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar) { lines.append([]) }
            }
            previous = scalar
        }
        return lines
    }

    private static func text(of lines: [[Unicode.Scalar]]) -> String {
        String(String.UnicodeScalarView(lines.joined()))
    }
}
