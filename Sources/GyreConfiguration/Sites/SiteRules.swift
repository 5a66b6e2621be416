// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPCaching

/// What a settings file says under `sites` and `origins`.
public struct SiteRules: Sendable {
    /// The names of the two sections, in the order in which they are read.
    static let sections = ["origins", "sites"]
    static let maxSites = 1000
    static let maxRules = 1000

    /// The rules, checked.
    public internal(set) var rules = RuleSet()
    /// Origins by the names that rules give them.
    public internal(set) var origins: [String: OriginURL] = [:]

    /// None.
    public init() {}
}
