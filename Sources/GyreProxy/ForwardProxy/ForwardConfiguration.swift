// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPCaching

extension ProxyConfiguration {
    /// A proxy that fetches from whatever host a client names, and makes tunnels.
    public struct Forward: Sendable {
        /// Who may use it; everybody else gets 403.
        public var clients = ["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"]
            .compactMap { AddressRange($0) }
        /// Who must give a password; nil: nobody.
        public var users: UserTable?
        /// Ports that plain requests may go to.
        public var ports = PortList(["80", "443", "1024-65535"])
        /// Ports that `CONNECT` may go to.
        public var connectPorts = PortList(["443"])
        /// The only hosts that may be asked for, when there are any.
        public var allowedHosts: [HostPattern] = []
        /// Hosts that may not be asked for. They outrank the allowed ones.
        public var deniedHosts: [HostPattern] = []
        /// Ranges of addresses that may be connected to although they are not of the public internet.
        public var allowedPrivate: [AddressRange] = []
        /// Ports of this machine at which this program answers, besides the one it listens on: never connected to.
        public var ownPorts: Set<Int> = []
        /// Hosts to which a worker keeps connections.
        public var maxDestinations = 256
        /// Connections of a worker to one host.
        public var connectionsPerHost = 32
        /// In milliseconds.
        public var connectTimeoutMilliseconds: Int64 = 5000
        /// Without a byte from the host, in milliseconds.
        public var readTimeoutMilliseconds: Int64 = 60_000
        /// How names become addresses, as text; the system's resolver unless given. Called on a thread that may wait.
        public var resolve: (@Sendable (String) -> [String])?

        /// The defaults.
        public init() {}
    }
}
