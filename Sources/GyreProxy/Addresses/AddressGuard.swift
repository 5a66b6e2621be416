// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Decides which addresses a forward proxy may connect to: none that is the proxy's own machine, its network or nobody's, unless the operator says so.
///
/// Without it, whoever may use the proxy could reach what only the proxy can reach: services on loopback, hosts behind the firewall, the
/// metadata service of a cloud. It judges addresses and never names, since a name can point anywhere.
struct AddressGuard: Sendable {
    /// Why an address is refused.
    enum Refusal: String, Error, CaseIterable {
        /// Not a globally reachable unicast address (RFC 6890 and the registries of IANA).
        case notPublic = "address-not-permitted"
        /// This proxy itself.
        case own = "own-address"
    }

    /// Ranges that are allowed although they are not public.
    var allowed: [AddressRange] = []
    /// Ports of this machine on which the proxy itself answers, and the addresses at which it does.
    var ownPorts: Set<Int> = []
    var ownAddresses: [AddressRange] = []

    /// Whether a connection to the address may be made; the reason if not.
    func refusal(_ address: IPAddress, port: Int) -> Refusal? {
        let plain = address.unwrapped
        if ownPorts.contains(port),
            Self.loopback.contains(where: { $0.contains(plain) }) || ownAddresses.contains(where: { $0.contains(plain) })
        {
            return .own
        }
        if allowed.contains(where: { $0.contains(plain) }) { return nil }
        return Self.isPublic(plain) ? nil : .notPublic
    }

    /// Whether an address is one of the public internet. What is not known to be is not.
    static func isPublic(_ address: IPAddress) -> Bool {
        let plain = address.unwrapped
        if plain.isIPv4 { return !closedIPv4.contains { $0.contains(plain) } }
        return globalUnicast.contains { $0.contains(plain) } && !closedIPv6.contains { $0.contains(plain) }
    }

    private static func ranges(_ texts: String...) -> [AddressRange] { texts.compactMap { AddressRange($0) } }

    private static let loopback = ranges("127.0.0.0/8", "::1", "0.0.0.0", "::")
    private static let globalUnicast = ranges("2000::/3")

    /// The IANA IPv4 special-purpose registry, multicast, the reserved last sixteenth, and the one public address that is a metadata service.
    private static let closedIPv4 = ranges(
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        // Link-local, with the metadata services of most clouds in it.
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16"
    )

    /// What of 2000::/3 is special: protocol assignments with Teredo and ORCHID, documentation, 6to4 (judged by the address inside before).
    private static let closedIPv6 = ranges("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
}
