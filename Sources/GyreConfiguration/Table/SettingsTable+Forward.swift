// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    static let forward: [Setting] = [
        Setting(
            "forward.enabled",
            \.forward.enabled,
            .boolean,
            default: "false",
            flag: "--forward",
            "Whether requests for http://host/path are fetched from that host, and CONNECT makes tunnels"
        ),
        Setting(
            "forward.clients",
            \.forward.clients,
            .words("addresses", example: "10.0.0.0/8, ::1", fault: ForwardSyntax.addressFault),
            default: "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, fe80::/10",
            "Addresses of clients that may use it; others get 403"
        ),
        Setting(
            "forward.users",
            \.forward.users,
            .path(orNil: "none"),
            default: "none",
            "File with a line name:hash for each user, as printed by gyre user; with it everybody needs a password (Basic)"
        ),
        Setting(
            "forward.ports",
            \.forward.ports,
            .words("ports", example: "80, 8000-8999", fault: ForwardSyntax.portFault),
            default: "80, 443, 1024-65535",
            "Ports that plain requests may go to; others get 403"
        ),
        Setting(
            "forward.connect-ports",
            \.forward.connectPorts,
            .words("ports", example: "443, 8443", fault: ForwardSyntax.portFault),
            default: "443",
            "Ports that CONNECT may go to; others get 403"
        ),
        Setting(
            "forward.allow-hosts",
            \.forward.allowHosts,
            .words("hosts", example: "example.org, *.example.org", none: "all", fault: ForwardSyntax.hostFault),
            default: "all",
            "The only hosts that may be asked for; *.example.org is every host below example.org"
        ),
        Setting(
            "forward.deny-hosts",
            \.forward.denyHosts,
            .words("hosts", example: "example.org, *.example.org", fault: ForwardSyntax.hostFault),
            default: "none",
            "Hosts that may not be asked for, also when they are allowed"
        ),
        Setting(
            "forward.allow-private",
            \.forward.allowPrivate,
            .words("addresses", example: "10.0.0.0/8, ::1", fault: ForwardSyntax.addressFault),
            default: "none",
            "Addresses that may be connected to although they are not of the public internet"
        ),
        Setting(
            "forward.destinations",
            \.forward.destinations,
            .count(SettingLimits.destinations),
            default: "256",
            "Hosts to which connections are kept, for each worker; the one used longest ago gives way"
        ),
        Setting(
            "forward.connections",
            \.forward.connections,
            .count(SettingLimits.originConnections),
            default: "32",
            "Connections to one host at the same time, for each worker"
        ),
    ]
}

/// What is wrong with a word of the forward proxy's lists; nil when nothing is.
enum ForwardSyntax {
    static func addressFault(_ text: String) -> String? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first else { return "\(Quote.value(text)) is no address" }
        let isSix = HostSyntax.ipv6(address, allowZone: false) != nil
        let isFour = address.allSatisfy { $0.isNumber || $0 == "." } && HostSyntax.nameOrIPv4(address) != nil && address.contains(".")
        guard isSix || isFour else { return "\(Quote.value(text)) is no address" }
        guard parts.count == 2 else { return nil }
        let most = isSix ? 128 : 32
        guard let length = HostSyntax.port(parts[1]), length <= most else { return "\(Quote.value(text)) has no length from 0 to \(most)" }
        return nil
    }

    static func portFault(_ text: String) -> String? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { HostSyntax.port($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 1, first <= last else {
            return "\(Quote.value(text)) is neither a port nor a range of ports from 1 to 65535"
        }
        return nil
    }

    static func hostFault(_ text: String) -> String? {
        if text == "*" { return nil }
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        let plain = name.first == "[" && name.last == "]" ? name.dropFirst().dropLast() : name
        if HostSyntax.nameOrIPv4(name) != nil || HostSyntax.ipv6(plain, allowZone: false) != nil { return nil }
        return "\(Quote.value(text)) is neither a host nor *. and a domain"
    }
}
