// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import Yams

extension SitesReader {
    private static let actions = ["ttl", "bypass", "key", "request", "response", "redirect", "deny", "origin"]

    /// A rule; nil when nothing of it can be used.
    mutating func readRule(_ node: Node, _ at: String) -> RuleSet.Rule? {
        guard let mapping = node.mapping else {
            refuse(at, node, "not a rule", allowed: "write match, and what is to be done: \(Self.actions.joined(separator: ", "))")
            return nil
        }
        var rule = RuleSet.Rule(name: at, match: RuleMatch(), action: RuleAction())
        var given: [String: Node] = [:]
        let before = problems.count
        entries(of: mapping, at: at, known: ["name", "match"] + Self.actions) { reader, name, key, value in
            given[name] = value
            switch name {
            case "name": rule.name = reader.text(value, key) ?? at
            case "match": rule.match = reader.readMatch(value, key)
            default: reader.readAction(name, value, key, &rule.action)
            }
        }
        if problems.count == before, given.keys.allSatisfy({ !Self.actions.contains($0) }) {
            refuse(at, node, "does nothing", allowed: "write one or more of \(Self.actions.joined(separator: ", "))")
        }
        checkTogether(given, rule, at)
        return rule
    }

    private mutating func readAction(_ name: String, _ node: Node, _ key: String, _ action: inout RuleAction) {
        switch name {
        case "ttl": action.ttlSeconds = ttl(node, key)
        case "bypass":
            guard let text = text(node, key) else { return }
            guard text == "true" else {
                return refuse(key, node, "\(Quote.value(text)) is not allowed", value: text, allowed: "write true, or leave it out")
            }
            action.bypasses = true
        case "key": readKey(node, key, &action)
        case "request": action.request = changes(node, key)
        case "response": action.response = changes(node, key)
        case "redirect": action.answer = redirect(node, key)
        case "deny": if let status = status(node, key, in: 400...599) { action.answer = .deny(status: status) }
        default:
            guard let text = text(node, key) else { return }
            guard rules.origins[text] != nil else {
                let names = rules.origins.keys.sorted()
                return refuse(
                    key,
                    node,
                    "no origin is called \(Quote.value(text))",
                    value: text,
                    allowed: names.isEmpty ? "name origins in the section origins" : "allowed: \(names.joined(separator: ", "))",
                    suggestion: NearestName.find(text, among: names)
                )
            }
            action.origin = text
        }
    }

    private mutating func ttl(_ node: Node, _ key: String) -> Int64? {
        guard let text = text(node, key) else { return nil }
        let type = SettingType<DurationSetting>.duration(SettingLimits.freshness)
        do throws(ValueRefusal) {
            let context = SettingContext(environment: [:], availableCores: 1)
            return Int64(try type.parse(text, context).wholeSeconds)
        } catch {
            let range = type.allowed ?? ""
            switch error {
            case .malformed(_, let suggestion):
                refuse(
                    key,
                    node,
                    "\(Quote.value(text)) is not a duration",
                    value: text,
                    allowed: "write \(type.writing) (\(range))",
                    suggestion: suggestion
                )
            case .tooSmall, .tooLarge:
                refuse(key, node, "\(Quote.value(text)) is out of range", value: text, reason: .outOfRange, allowed: "allowed: \(range)")
            }
            return nil
        }
    }

    private mutating func readKey(_ node: Node, _ at: String, _ action: inout RuleAction) {
        guard let mapping = node.mapping else { return refuse(at, node, "not parts of the key", allowed: "write query or headers") }
        entries(of: mapping, at: at, known: ["query", "headers"]) { reader, name, key, value in
            if name == "query" {
                if value.scalar?.string == "none" {
                    action.queryParameters = []
                } else {
                    action.queryParameters = reader.texts(value, key).map(\.0)
                }
                return
            }
            for (text, item) in reader.texts(value, key) {
                guard HTTPField.Name(text) != nil, !FieldChanges.fixed.contains(text.lowercased()) else {
                    reader.refuse(
                        key,
                        item,
                        "\(Quote.value(text)) cannot be part of the key",
                        value: text,
                        allowed: "write the name of a field that speaks of the client, for example Accept-Language"
                    )
                    continue
                }
                action.keyFields.append(text.lowercased())
            }
        }
    }

    private mutating func changes(_ node: Node, _ at: String) -> FieldChanges {
        var changes = FieldChanges()
        guard let mapping = node.mapping else {
            refuse(at, node, "not changes of fields", allowed: "write set with names and values, or remove with names")
            return changes
        }
        entries(of: mapping, at: at, known: ["set", "remove"]) { reader, name, key, value in
            if name == "remove" {
                for (text, item) in reader.texts(value, key) {
                    if let field = reader.fieldName(text, item, key) { changes.remove.append(field) }
                }
                return
            }
            guard let fields = value.mapping else {
                return reader.refuse(key, value, "not names with values", allowed: "write for example X-Site: shop")
            }
            reader.entries(of: fields, at: key) { reader, name, key, value in
                guard let field = reader.fieldName(name, value, key), let text = reader.text(value, key) else { return }
                guard HTTPField.isValidValue(text) else {
                    return reader.refuse(
                        key,
                        value,
                        "\(Quote.value(text)) is not the value of a field",
                        value: text,
                        allowed: "write one line without control characters"
                    )
                }
                changes.set.append(HTTPField(name: field, value: text))
            }
        }
        return changes
    }

    private mutating func fieldName(_ text: String, _ node: Node, _ key: String) -> HTTPField.Name? {
        guard let name = HTTPField.Name(text) else {
            refuse(key, node, "\(Quote.value(text)) is not the name of a field", value: text, allowed: "write for example X-Site")
            return nil
        }
        guard !FieldChanges.fixed.contains(text.lowercased()) else {
            refuse(
                key,
                node,
                "\(Quote.value(text)) may not be changed: it frames the message or belongs to this hop",
                value: text,
                allowed: "write another field"
            )
            return nil
        }
        return name
    }

    private mutating func status(_ node: Node, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(node, key) else { return nil }
        guard let status = Int(text), range.contains(status) else {
            refuse(
                key,
                node,
                "\(Quote.value(text)) is not a status for this",
                value: text,
                reason: .outOfRange,
                allowed: "allowed: \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return status
    }

    private mutating func redirect(_ node: Node, _ at: String) -> RuleAction.Answer? {
        guard let mapping = node.mapping else {
            refuse(at, node, "not a redirect", allowed: "write to, and status if it is not 302")
            return nil
        }
        var code = 302
        var location: String?
        entries(of: mapping, at: at, known: ["status", "to"]) { reader, name, key, value in
            if name == "status" {
                guard let text = reader.text(value, key) else { return }
                guard let number = Int(text), [301, 302, 303, 307, 308].contains(number) else {
                    return reader.refuse(
                        key,
                        value,
                        "\(Quote.value(text)) is not a status for this",
                        value: text,
                        reason: .outOfRange,
                        allowed: "allowed: 301, 302, 303, 307 or 308"
                    )
                }
                code = number
            } else if let text = reader.text(value, key) {
                let isPlace = ["/", "http://", "https://", "{path}"].contains { text.hasPrefix($0) }
                guard isPlace, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                    return reader.refuse(
                        key,
                        value,
                        "\(Quote.value(text)) is not a place to redirect to",
                        value: text,
                        allowed: "write https://host/path or /path; {host} and {path} are those of the request"
                    )
                }
                location = text
            }
        }
        if location == nil, mapping.allSatisfy({ document.name(of: $0.key) != "to" }) {
            refuse("\(at).to", node, "not set", reason: .missing, allowed: "write https://host/path or /path")
        }
        return location.map { .redirect(status: code, location: $0) }
    }

    /// What does not go together in one rule.
    private mutating func checkTogether(_ given: [String: Node], _ rule: RuleSet.Rule, _ at: String) {
        if let node = given["deny"], given["redirect"] != nil {
            refuse("\(at).deny", node, "together with redirect", reason: .conflict, allowed: "write one of them")
        }
        if rule.match.dependsOnResponse {
            for name in ["key", "request", "redirect", "deny", "origin"] {
                guard let node = given[name] else { continue }
                refuse(
                    "\(at).\(name)",
                    node,
                    "decided before there is a response, so match cannot have status or content-type",
                    reason: .conflict,
                    allowed: "with those go ttl, bypass and response"
                )
            }
        }
        if rule.action.queryParameters != nil, rule.match.dependsOnFields, let node = given["key"] {
            refuse(
                "\(at).key.query",
                node,
                "a purge knows the URL alone, so match cannot have header or method",
                reason: .conflict,
                allowed: "with it go path and query"
            )
        }
    }
}
