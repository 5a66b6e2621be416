// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Names of hosts: one name, or all names below a domain as in `*.example.org`; `*` alone is every host.
public struct HostPattern: Sendable, Hashable {
    private let name: String
    private let isSuffix: Bool

    /// Reads a pattern; nil when it is none: an asterisk stands only at the start, before a point or alone.
    public init?(_ text: String) {
        var lower = text.lowercased()
        if lower.hasPrefix("["), lower.hasSuffix("]") { lower = String(lower.dropFirst().dropLast()) }
        guard !lower.isEmpty, lower.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }) else { return nil }
        if lower == "*" {
            name = ""
            isSuffix = true
            return
        }
        isSuffix = lower.hasPrefix("*.")
        name = isSuffix ? String(lower.dropFirst()) : lower
        guard !name.contains("*"), name != "." else { return nil }
    }

    /// How much a pattern says: a whole name more than any domain, a long domain more than a short one.
    var weight: Int { isSuffix ? name.utf8.count : .max }

    /// Whether a host, in lower case and without a last dot, is meant.
    public func matches(_ host: String) -> Bool { isSuffix ? host.hasSuffix(name) : host == name }
}
