// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How URIs are made equal before they are keys. The same rules serve requests and purges.
public struct CacheKeyRules: Sendable, Equatable {
    /// What is done to the path and to percent-encoding.
    public enum PathRule: String, Sendable, CaseIterable {
        /// Nothing: the bytes of the request are the key.
        case exact
        /// Unreserved characters decoded, hexadecimal digits in upper case, dot segments removed (RFC 3986 §6.2.2). Reserved characters stay encoded.
        case normalized
    }

    /// What is done to the path. Default ``PathRule/normalized``. The origin must then be asked for ``CacheKey/target(of:rules:)``.
    public var path = PathRule.normalized
    /// Whether the query is part of the key at all. Default `true`.
    public var keepsQuery = true
    /// Whether parameters are sorted by name; equal names keep their order. Default `false`.
    public var sortsQuery = false
    /// Names of parameters that are left out; a name that ends in `*` stands for all that begin so. Default none.
    public var strippedParameters: [String] = []
    /// The only parameters that are kept, if given; written as ``strippedParameters``. Default `nil`, all.
    public var allowedParameters: [String]?

    /// The defaults above.
    public init() {}

    var changesQuery: Bool { !keepsQuery || sortsQuery || !strippedParameters.isEmpty || allowedParameters != nil }
}
