// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// What a rule does. Everything that is not given stays as it is.
public struct RuleAction: Sendable, Equatable {
    /// An answer that is given at once, without cache and origin.
    public enum Answer: Sendable, Equatable {
        /// To another place. `{host}` and `{path}` stand for the request's own; the path with its query.
        case redirect(status: Int, location: String)
        /// Not at all.
        case deny(status: Int)
    }

    /// Freshness from the response's making, in seconds, whatever the origin said. What forbids to store or to reuse still holds.
    public var ttlSeconds: Int64?
    /// The response is not stored; when the rule looks at the request alone, nothing stored is used either.
    public var bypasses = false
    /// The only query parameters that count, for the key and for the origin.
    public var queryParameters: [String]?
    /// Fields of the request whose values are part of the key; in lower case.
    public var keyFields: [String] = []
    /// Changes of the request to the origin.
    public var request = FieldChanges()
    /// Changes of the response to the client. What is stored stays as it came.
    public var response = FieldChanges()
    /// An answer at once.
    public var answer: Answer?
    /// The name of the origin that is asked.
    public var origin: String?

    /// Nothing.
    public init() {}

    /// Each thing that it does, in a few words.
    public var words: [String] {
        var words: [String] = []
        if let ttlSeconds { words.append("ttl \(ttlSeconds) s") }
        if bypasses { words.append("bypass") }
        if let queryParameters { words.append("only the parameters \(queryParameters.joined(separator: ", "))") }
        if !keyFields.isEmpty { words.append("key with \(keyFields.joined(separator: ", "))") }
        if !request.isEmpty { words.append("request changed:\(request.text)") }
        if !response.isEmpty { words.append("response changed:\(response.text)") }
        switch answer {
        case .redirect(let status, let location): words.append("\(status) to \(location)")
        case .deny(let status): words.append("deny with \(status)")
        case nil: break
        }
        if let origin { words.append("origin \(origin)") }
        return words
    }

    /// What the origin may answer differently for: part of the key where the rule depends on more than the URL.
    var keyPart: [UInt8]? {
        guard origin != nil || !request.isEmpty else { return nil }
        return Array("by rule: origin \(origin ?? "-")\(request.text)".utf8)
    }
}

/// Fields that are removed, then set.
public struct FieldChanges: Sendable, Equatable {
    /// A field that takes the place of all of its name.
    public var set: [HTTPField] = []
    /// Names of fields that are left out.
    public var remove: [HTTPField.Name] = []

    /// No changes.
    public init() {}

    /// Whether it changes nothing.
    public var isEmpty: Bool { self.set.isEmpty && remove.isEmpty }

    /// Applies the changes.
    public func apply(to fields: inout HTTPFields) {
        for name in remove { fields[fields: name] = [] }
        for field in set { fields[fields: field.name] = [field] }
    }

    mutating func append(_ other: FieldChanges) {
        // A later rule may put back what an earlier one has removed, and the other way round.
        set.removeAll { field in other.remove.contains(field.name) || other.set.contains { $0.name == field.name } }
        set += other.set
        remove += other.remove
    }

    var text: String {
        self.set.map { " \($0.name.canonicalName)=\($0.value)" }.joined() + remove.map { " -\($0.canonicalName)" }.joined()
    }

    /// Names that no rule may change, in lower case: they frame the message, belong to this hop, or make a cached answer be taken for another.
    public static let fixed: Set<String> = [
        "age", "cache-status", "cdn-loop", "connection", "content-encoding", "content-length", "content-range", "expect", "host",
        "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
        "proxy-authenticate", "proxy-authentication-info", "proxy-authorization", "proxy-connection", "range", "te", "trailer",
        "transfer-encoding", "upgrade", "via",
    ]
}
