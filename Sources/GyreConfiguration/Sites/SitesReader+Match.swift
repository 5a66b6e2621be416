// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import Yams

extension SitesReader {
    private static let conditions = ["path", "method", "header", "query", "status", "content-type"]

    /// The conditions of a rule.
    mutating func readMatch(_ node: Node, _ at: String) -> RuleMatch {
        var match = RuleMatch()
        guard let mapping = node.mapping else {
            refuse(at, node, "not conditions", allowed: "write one or more of \(Self.conditions.joined(separator: ", "))")
            return match
        }
        entries(of: mapping, at: at, known: Self.conditions) { reader, name, key, value in
            switch name {
            case "path": for (text, item) in reader.texts(value, key) { reader.addPath(text, item, key, &match) }
            case "method": for (text, item) in reader.texts(value, key) { reader.addMethod(text, item, key, &match) }
            case "header": match.headers = reader.values(value, key, areFields: true)
            case "query": match.query = reader.values(value, key, areFields: false)
            case "status": for (text, item) in reader.texts(value, key) { reader.addStatus(text, item, key, &match) }
            default: for (text, item) in reader.texts(value, key) { reader.addType(text, item, key, &match) }
            }
        }
        return match
    }

    private mutating func addPath(_ text: String, _ node: Node, _ key: String, _ match: inout RuleMatch) {
        guard text.hasPrefix("/") || text.hasPrefix("*"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains("?"),
            !text.contains("#")
        else {
            return refuse(
                key,
                node,
                "\(Quote.value(text)) is not a path",
                value: text,
                allowed: "write /exact, /prefix/* or *.png, without a query"
            )
        }
        match.paths.append(TextPattern(text))
    }

    private mutating func addMethod(_ text: String, _ node: Node, _ key: String, _ match: inout RuleMatch) {
        guard HTTPRequest.Method(text) != nil, text == text.uppercased(), text.first?.isLetter == true else {
            return refuse(key, node, "\(Quote.value(text)) is not a method", value: text, allowed: "write GET, POST or another in capitals")
        }
        match.methods.append(text)
    }

    private mutating func addStatus(_ text: String, _ node: Node, _ key: String, _ match: inout RuleMatch) {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { end -> Int? in
            end.utf8.count == 3 && end.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(end) : nil
        }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 200, first <= last, last <= 599 else {
            return refuse(
                key,
                node,
                "\(Quote.value(text)) is not a status",
                value: text,
                allowed: "write 404 or 500-599, from 200 to 599"
            )
        }
        match.statuses.append(first...last)
    }

    private mutating func addType(_ text: String, _ node: Node, _ key: String, _ match: inout RuleMatch) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3b }) else {
            return refuse(
                key,
                node,
                "\(Quote.value(text)) is not a media type",
                value: text,
                allowed: "write text/html or image/*, without parameters"
            )
        }
        match.contentTypes.append(TextPattern(text.lowercased()))
    }

    /// Names with a pattern or a list of patterns each.
    private mutating func values(_ node: Node, _ at: String, areFields: Bool) -> [RuleMatch.Value] {
        guard let mapping = node.mapping else {
            refuse(at, node, "not names with values", allowed: "write for example \(areFields ? "Accept: \"*json*\"" : "page: \"*\"")")
            return []
        }
        var result: [RuleMatch.Value] = []
        entries(of: mapping, at: at) { reader, name, key, value in
            if areFields, HTTPField.Name(name) == nil {
                return reader.refuse(key, value, "\(Quote.value(name)) is not the name of a field", value: name, allowed: nil)
            }
            let patterns = reader.texts(value, key).map { TextPattern($0.0) }
            if !patterns.isEmpty { result.append(RuleMatch.Value(name: areFields ? name.lowercased() : name, patterns: patterns)) }
        }
        return result
    }
}
