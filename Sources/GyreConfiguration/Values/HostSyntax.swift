// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The one place that knows what a host and a port look like.
enum HostSyntax {
    static let maxNameBytes = 253
    static let maxLabelBytes = 63

    /// A text taken apart at its port. The brackets of an IPv6 address are gone.
    struct Parts {
        var host: Substring
        var isBracketed: Bool
        /// Nil when there is no colon; empty when nothing follows it.
        var port: Substring?
    }

    /// Takes `host:port` or `[v6]:port` apart; nil when brackets do not match or an address with colons has no brackets.
    static func split(_ text: Substring) -> Parts? {
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if rest.isEmpty { return Parts(host: host, isBracketed: true, port: nil) }
            guard rest.first == ":" else { return nil }
            return Parts(host: host, isBracketed: true, port: rest.dropFirst())
        }
        guard let colon = text.firstIndex(of: ":") else { return Parts(host: text, isBracketed: false, port: nil) }
        let port = text[text.index(after: colon)...]
        guard !port.contains(":") else { return nil }
        return Parts(host: text[..<colon], isBracketed: false, port: port)
    }

    /// The number of a port: digits only, no leading zeros, 0 to 65535.
    static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard text.utf8.count == 1 || text.utf8.first != 0x30, let port = Int(text), port <= 65535 else { return nil }
        return port
    }

    /// The host in lower case when it is a name (RFC 1123 §2.1, with `_` as container networks use it) or an IPv4 address.
    static func nameOrIPv4(_ text: Substring) -> String? {
        guard !text.isEmpty, text.utf8.count <= maxNameBytes else { return nil }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (1...maxLabelBytes).contains(label.utf8.count), label.first != "-", label.last != "-" else { return nil }
            guard label.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) else { return nil }
        }
        let host = text.lowercased()
        // A name never ends in a number (RFC 1123 §2.1); what does must be a whole address, or resolvers would guess.
        if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return isAddress(host, family: AF_INET) ? host : nil
        }
        return host
    }

    /// The address in lower case when it is an IPv6 address (RFC 4291 §2.2), with a zone (RFC 4007 §11) only if `allowZone`.
    static func ipv6(_ text: Substring, allowZone: Bool) -> String? {
        var address = text
        if allowZone, let percent = text.firstIndex(of: "%") {
            let zone = text[text.index(after: percent)...]
            guard !zone.isEmpty, zone.utf8.allSatisfy({ isAlphanumeric($0) || ".-_".utf8.contains($0) }) else { return nil }
            address = text[..<percent]
            return isAddress(String(address), family: AF_INET6) ? "\(address.lowercased())%\(zone)" : nil
        }
        return isAddress(String(address), family: AF_INET6) ? address.lowercased() : nil
    }

    private static func isAddress(_ text: String, family: Int32) -> Bool {
        // inet_pton writes at most the 16 bytes of an in6_addr.
        guard !text.utf8.contains(0) else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { space in
            guard let base = space.baseAddress else { return false }
            return inet_pton(family, text, base) == 1
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
