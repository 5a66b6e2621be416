// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the rules say about one request.
public struct RuleDecision: Sendable, Equatable {
    /// What they say about its response.
    public struct Response: Sendable, Equatable {
        /// Freshness instead of the origin's.
        public var ttlSeconds: Int64?
        /// It is not stored.
        public var refusesToStore = false
        /// Changes on the way to the client.
        public var changes = FieldChanges()
        /// The rules that said so.
        public var applied: [String] = []
    }

    /// The rules whose conditions on the request hold, in their order.
    public private(set) var rules: [RuleSet.Rule] = []
    /// An answer at once.
    public private(set) var answer: RuleAction.Answer?
    /// The cache is passed by.
    public private(set) var bypasses = false
    /// The only query parameters that count.
    public private(set) var queryParameters: [String]?
    /// Fields of the request that are part of the key, in lower case.
    public private(set) var keyFields: [String] = []
    /// What is in the key besides the target.
    public private(set) var keyParts: [[UInt8]] = []
    /// The origin that is asked.
    public private(set) var origin: String?
    /// Changes of the request to the origin.
    public private(set) var requestChanges = FieldChanges()

    init() {}

    /// Whether a stored response found by its URL alone may be sent as it is.
    public var allowsPlainHit: Bool {
        answer == nil && !bypasses && queryParameters == nil && keyParts.isEmpty && rules.allSatisfy(\.action.response.isEmpty)
    }

    /// What they say about a response.
    public func response(status: Int, contentType: String?) -> Response {
        var result = Response()
        for rule in rules where rule.match.matches(status: status, contentType: contentType) {
            result.applied.append(rule.name)
            if let ttl = rule.action.ttlSeconds { result.ttlSeconds = ttl }
            if rule.action.bypasses { result.refusesToStore = true }
            result.changes.append(rule.action.response)
        }
        return result
    }

    mutating func add(_ rule: RuleSet.Rule, field: (String) -> String?) {
        rules.append(rule)
        guard !rule.match.dependsOnResponse else { return }
        let action = rule.action
        if let answer = action.answer { self.answer = answer }
        if action.bypasses { bypasses = true }
        if let parameters = action.queryParameters { queryParameters = parameters }
        for name in action.keyFields where !keyFields.contains(name) {
            keyFields.append(name)
            let value = field(name) ?? ""
            if value.utf8.count > RuleSet.maxKeyFieldBytes { bypasses = true }
            keyParts.append(Array("\(name): \(value)".utf8))
        }
        if rule.match.dependsOnFields, let part = action.keyPart { keyParts.append(part) }
        if let origin = action.origin { self.origin = origin }
        requestChanges.append(action.request)
    }
}
