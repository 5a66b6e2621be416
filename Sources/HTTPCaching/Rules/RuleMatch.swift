// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// When a rule applies: every condition that is given must hold, and of a list of values one.
public struct RuleMatch: Sendable, Equatable {
    /// A field or query parameter and what it may be.
    public struct Value: Sendable, Equatable {
        /// The name; of a field in lower case.
        public var name: String
        /// One of these; `*` is any value, as long as there is one.
        public var patterns: [TextPattern]

        /// A condition from its parts.
        public init(name: String, patterns: [TextPattern]) {
            self.name = name
            self.patterns = patterns
        }
    }

    /// The path, without its query, in the normal form of the key.
    public var paths: [TextPattern] = []
    /// The method; GET stands for HEAD too, since they share what is stored.
    public var methods: [String] = []
    /// Fields of the request.
    public var headers: [Value] = []
    /// Parameters of the query.
    public var query: [Value] = []
    /// The response's status.
    public var statuses: [ClosedRange<Int>] = []
    /// The response's media type, in lower case and without parameters.
    public var contentTypes: [TextPattern] = []

    /// Always.
    public init() {}

    /// Whether it depends on more of the request than the URL.
    public var dependsOnFields: Bool { !headers.isEmpty || !methods.isEmpty }
    /// Whether it can be told only when there is a response.
    public var dependsOnResponse: Bool { !statuses.isEmpty || !contentTypes.isEmpty }

    /// Whether the conditions on the request hold.
    func matches(_ request: RuleRequest, field: (String) -> String?) -> Bool {
        if !methods.isEmpty, !methods.contains(request.method), request.method != "HEAD" || !methods.contains("GET") { return false }
        if !paths.isEmpty, !paths.contains(where: { $0.matches(request.path) }) { return false }
        for value in query where !request.parameters(value.name).contains(where: { given in value.patterns.contains { $0.matches(given) } })
        {
            return false
        }
        for value in headers {
            guard let given = field(value.name), value.patterns.contains(where: { $0.matches(given.utf8) }) else { return false }
        }
        return true
    }

    /// Whether the conditions on the response hold.
    func matches(status: Int, contentType: String?) -> Bool {
        if !statuses.isEmpty, !statuses.contains(where: { $0.contains(status) }) { return false }
        guard !contentTypes.isEmpty else { return true }
        guard let contentType else { return false }
        let plain = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return contentTypes.contains { $0.matches(plain.utf8) }
    }
}

/// What of a request rules look at, besides its fields.
public struct RuleRequest: Sendable {
    /// The method as it was written.
    public var method: String
    /// In lower case, without port and without a last dot.
    public var host: String
    /// Without the query, in the normal form of the key.
    public var path: [UInt8]
    /// Without its question mark.
    public var query: [UInt8]

    /// A request from its method, its authority as in `Host`, and its path and query.
    public init(method: String, authority: some Collection<UInt8>, pathAndQuery: some Collection<UInt8>) {
        self.method = method
        var host = Array(authority)
        if let colon = host.lastIndex(of: ASCII.colon), host.lastIndex(of: UInt8(ascii: "]")).map({ $0 < colon }) ?? true {
            host.removeSubrange(colon...)
        }
        if host.last == ASCII.dot { host.removeLast() }
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") { host = Array(host.dropFirst().dropLast()) }
        self.host = String(decoding: host, as: UTF8.self).lowercased()
        let whole = Array(pathAndQuery)
        let mark = whole.firstIndex(of: ASCII.question) ?? whole.endIndex
        path = Array(whole[..<mark])
        query = Array(whole[mark...].dropFirst())
    }

    /// The values of a parameter; one without `=` has an empty one.
    func parameters(_ name: String) -> [ArraySlice<UInt8>] {
        query.split(separator: ASCII.ampersand).compactMap { parameter in
            let key = parameter.prefix { $0 != ASCII.equals }
            return key.elementsEqual(name.utf8) ? parameter[key.endIndex...].dropFirst() : nil
        }
    }
}
