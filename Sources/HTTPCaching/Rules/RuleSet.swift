// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The operator's rules for what sites are served and how, as plain values: asked once for each request.
public struct RuleSet: Sendable, Equatable {
    /// A rule: when it applies, and what it does then.
    public struct Rule: Sendable, Equatable {
        /// What it is called in explanations.
        public var name: String
        /// When it applies.
        public var match: RuleMatch
        /// What it does.
        public var action: RuleAction

        /// A rule from its parts.
        public init(name: String, match: RuleMatch, action: RuleAction) {
            self.name = name
            self.match = match
            self.action = action
        }
    }

    /// The rules of some hosts.
    public struct Site: Sendable, Equatable {
        /// Which hosts.
        public var hosts: [HostPattern]
        /// In the order in which they apply; where two say different things the later one counts.
        public var rules: [Rule]

        /// A site from its parts.
        public init(hosts: [HostPattern], rules: [Rule]) {
            self.hosts = hosts
            self.rules = rules
        }
    }

    /// All sites. A request belongs to one: of those whose hosts match, the one that says most.
    public var sites: [Site]

    /// Values of key fields above this make a request pass by the cache.
    static let maxKeyFieldBytes = 1024

    /// A set from its sites.
    public init(sites: [Site] = []) { self.sites = sites }

    /// Whether there is no rule at all.
    public var isEmpty: Bool { sites.allSatisfy(\.rules.isEmpty) }

    /// Whether keys may have parts besides their URLs.
    public var addsKeyParts: Bool {
        sites.contains { $0.rules.contains { !$0.action.keyFields.isEmpty || $0.match.dependsOnFields && $0.action.keyPart != nil } }
    }

    /// What the rules say about a request; nil when none applies.
    ///
    /// - Parameter field: the combined value of a request field by its lower-case name.
    ///
    /// Cost: linear in the rules of the request's site.
    public func decision(for request: RuleRequest, field: (String) -> String?) -> RuleDecision? {
        guard let site = site(of: request.host) else { return nil }
        var decision: RuleDecision?
        for rule in site.rules where rule.match.matches(request, field: field) {
            var next = decision ?? RuleDecision()
            next.add(rule, field: field)
            decision = next
            // Nothing that a later rule says can matter.
            if next.answer != nil { break }
        }
        return decision
    }

    /// How a URL becomes a key: rules about parameters depend on the URL alone, so that requests and purges agree.
    public func keyRules(for uri: TargetURI, base: CacheKeyRules) -> CacheKeyRules {
        let request = RuleRequest(method: "GET", authority: uri.host, pathAndQuery: CacheKey.target(of: uri, rules: base))
        guard let allowed = decision(for: request, field: { _ in nil })?.queryParameters else { return base }
        var rules = base
        rules.allowedParameters = allowed
        return rules
    }

    private func site(of host: String) -> Site? {
        var best: (site: Site, weight: Int)?
        for site in sites {
            for pattern in site.hosts where pattern.matches(host) && pattern.weight > best?.weight ?? -1 {
                best = (site, pattern.weight)
            }
        }
        return best?.site
    }
}
