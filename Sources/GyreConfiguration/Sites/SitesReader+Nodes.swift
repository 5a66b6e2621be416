// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Yams

extension SitesReader {
    /// Notes a mistake.
    mutating func refuse(
        _ key: String,
        _ node: Node,
        _ text: String,
        value: String? = nil,
        reason: ConfigurationProblem.Reason = .invalidValue,
        allowed: String?,
        suggestion: String? = nil
    ) {
        let source = SettingSource.file(path: path, line: node.mark?.line, column: node.mark?.column)
        let what: ConfigurationProblem.Reason = value == nil && reason == .invalidValue ? .wrongShape : reason
        problems.append(
            ConfigurationProblem(what, at: source, key: key, value: value, text, allowed: allowed, suggestion: suggestion)
        )
    }

    /// Each entry of a section once. A name that is written twice or is not known is noted.
    ///
    /// - Parameter known: All names that there are; nil when any will do.
    mutating func entries(
        of mapping: Node.Mapping,
        at path: String,
        known: [String]? = nil,
        _ body: (inout SitesReader, _ name: String, _ key: String, Node) -> Void
    ) {
        var seen: [String: Int] = [:]
        for (keyNode, value) in mapping {
            guard let name = document.name(of: keyNode) else {
                refuse(path, keyNode, "a list or section where a name belongs", allowed: nil)
                continue
            }
            let key = "\(path).\(name)"
            if let known, !known.contains(name) {
                refuse(
                    key,
                    keyNode,
                    "unknown name",
                    reason: .unknownSetting,
                    allowed: "allowed here: \(known.joined(separator: ", "))",
                    suggestion: NearestName.find(name, among: known)
                )
                continue
            }
            if let line = seen[name] {
                refuse(key, keyNode, "written twice; first on line \(line)", reason: .repeated, allowed: nil)
                continue
            }
            seen[name] = keyNode.mark?.line ?? 0
            body(&self, name, key, value)
        }
    }

    /// One value.
    mutating func text(_ node: Node, _ key: String) -> String? {
        guard let scalar = node.scalar else {
            refuse(key, node, "\(node.mapping != nil ? "a section" : "a list"), and not one value", allowed: nil)
            return nil
        }
        guard scalar.style != .plain || !["", "~", "null"].contains(scalar.string) else {
            refuse(key, node, "no value", reason: .emptyValue, allowed: nil)
            return nil
        }
        return scalar.string
    }

    /// One value or a list of them.
    mutating func texts(_ node: Node, _ key: String) -> [(String, Node)] {
        guard let sequence = node.sequence else { return text(node, key).map { [($0, node)] } ?? [] }
        if sequence.isEmpty { refuse(key, node, "an empty list", reason: .emptyValue, allowed: nil) }
        return sequence.enumerated().compactMap { index, item in text(item, "\(key)[\(index)]").map { ($0, item) } }
    }
}
