// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where a server accepts connections: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `:8080` for every interface.
public struct ListenAddress: Sendable, Hashable {
    /// The address or name, in lower case and without brackets; nil for every interface.
    public let host: String?
    /// The port, 0 to 65535; 0 lets the system choose one.
    public let port: Int

    /// An address from its parts. Nothing is checked; `init(parsing:)` checks.
    public init(host: String?, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads an address. Throws `.malformed`, with the part at fault.
    public init(parsing text: String) throws(ValueRefusal) {
        guard let parts = HostSyntax.split(text[...]) else {
            if let address = HostSyntax.ipv6(text[...], allowZone: true) {
                throw .malformed(because: "an IPv6 address needs brackets and a port", suggestion: "[\(address)]:8080")
            }
            throw .malformed()
        }
        guard let portText = parts.port else {
            if HostSyntax.port(text[...]) != nil { throw .malformed(because: "it has no colon", suggestion: ":\(text)") }
            throw .malformed(because: "it has no port")
        }
        guard let port = HostSyntax.port(portText) else { throw .malformed(because: "its port is not a number from 0 to 65535") }
        self.port = port
        if parts.isBracketed {
            guard let address = HostSyntax.ipv6(parts.host, allowZone: true) else {
                throw .malformed(because: "what is in brackets is not an IPv6 address")
            }
            host = address
        } else if parts.host.isEmpty {
            host = nil
        } else {
            guard let name = HostSyntax.nameOrIPv4(parts.host) else {
                throw .malformed(
                    because: "its host is neither a name nor an IPv4 address",
                    suggestion: parts.host == "*" ? ":\(port)" : nil
                )
            }
            host = name
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address as it is written in the settings; reading it gives the same address again.
    public var description: String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
