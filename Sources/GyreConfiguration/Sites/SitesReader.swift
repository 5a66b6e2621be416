// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import Yams

/// Reads `origins` and `sites` from a settings file, and says of every mistake where it is and what is allowed.
///
/// A value that is wrong is left out and reading goes on, so that all mistakes are found in one pass.
struct SitesReader {
    let document: YAMLDocument
    let path: String
    var rules = SiteRules()
    var problems: [ConfigurationProblem] = []
    private var hostLines: [HostPattern: Int] = [:]

    init(document: YAMLDocument, path: String) {
        self.document = document
        self.path = path
    }

    mutating func read(_ section: String, _ node: Node) {
        // Everything in it is commented out.
        if let scalar = node.scalar, scalar.style == .plain, ["", "~", "null"].contains(scalar.string) { return }
        if section == "origins" { readOrigins(node) } else { readSites(node) }
    }

    // MARK: Sections

    private mutating func readOrigins(_ node: Node) {
        guard let mapping = node.mapping else {
            return refuse("origins", node, "not names with URLs", allowed: "write for example images: http://10.0.0.7:9000")
        }
        entries(of: mapping, at: "origins") { reader, name, key, value in
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                return reader.refuse(key, value, "not a name", allowed: "write letters, digits and hyphens")
            }
            guard let text = reader.text(value, key) else { return }
            do throws(ValueRefusal) {
                reader.rules.origins[name] = try OriginURL(parsing: text)
            } catch {
                var because = "\(Quote.value(text)) is not an origin URL"
                if case .malformed(let why?, _) = error { because = "\(Quote.value(text)) is not allowed: \(why)" }
                reader.refuse(key, value, because, allowed: "write http:// or https:// with a host and, if needed, a port")
            }
        }
    }

    private mutating func readSites(_ node: Node) {
        guard let sequence = node.sequence else {
            return refuse("sites", node, "not a list of sites", allowed: "begin each with - hosts:")
        }
        guard sequence.count <= SiteRules.maxSites else {
            return refuse("sites", node, "\(sequence.count) sites", allowed: "allowed: at most \(SiteRules.maxSites)")
        }
        for (index, site) in sequence.enumerated() { readSite(site, "sites[\(index)]") }
    }

    private mutating func readSite(_ node: Node, _ at: String) {
        guard let mapping = node.mapping else {
            return refuse(at, node, "not a site", allowed: "write hosts and rules")
        }
        var site = RuleSet.Site(hosts: [], rules: [])
        entries(of: mapping, at: at, known: ["hosts", "rules"]) { reader, name, key, value in
            if name == "hosts" {
                for (text, item) in reader.texts(value, key) { reader.addHost(text, item, key, &site) }
            } else {
                reader.readRules(value, key, &site)
            }
        }
        if !mapping.contains(where: { document.name(of: $0.key) == "hosts" }) {
            refuse("\(at).hosts", node, "not set", allowed: "write the site's hosts, or \"*\" for all")
        }
        rules.rules.sites.append(site)
    }

    private mutating func addHost(_ text: String, _ node: Node, _ key: String, _ site: inout RuleSet.Site) {
        guard ForwardSyntax.hostFault(text) == nil, let pattern = HostPattern(text) else {
            return refuse(
                key,
                node,
                "\(Quote.value(text)) is not a host",
                value: text,
                allowed: "write www.example.org, *.example.org or \"*\", without scheme, port and path"
            )
        }
        if let line = hostLines[pattern] {
            return refuse(key, node, "\(Quote.value(text)) is written twice; first on line \(line)", value: text, allowed: nil)
        }
        hostLines[pattern] = node.mark?.line ?? 0
        site.hosts.append(pattern)
    }

    private mutating func readRules(_ node: Node, _ at: String, _ site: inout RuleSet.Site) {
        guard let sequence = node.sequence else { return refuse(at, node, "not a list of rules", allowed: "begin each with -") }
        guard sequence.count <= SiteRules.maxRules else {
            return refuse(at, node, "\(sequence.count) rules", allowed: "allowed: at most \(SiteRules.maxRules)")
        }
        for (index, rule) in sequence.enumerated() {
            if let rule = readRule(rule, "\(at)[\(index)]") { site.rules.append(rule) }
        }
    }
}
