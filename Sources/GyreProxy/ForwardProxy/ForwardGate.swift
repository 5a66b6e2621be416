// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// Decides whether a client may ask a forward proxy for a destination, as far as that can be told without a password and without a look-up.
struct ForwardGate: Sendable {
    private let clients: [AddressRange]
    private let ports: PortList?
    private let connectPorts: PortList?
    private let allowedHosts: [HostPattern]
    private let deniedHosts: [HostPattern]

    init(_ configuration: ProxyConfiguration.Forward) {
        clients = configuration.clients
        ports = configuration.ports
        connectPorts = configuration.connectPorts
        allowedHosts = configuration.allowedHosts
        deniedHosts = configuration.deniedHosts
    }

    /// Whether hosts are told apart at all.
    var judgesHosts: Bool { !allowedHosts.isEmpty || !deniedHosts.isEmpty }

    func permits(client address: String) -> Bool {
        guard let address = IPAddress(address) else { return false }
        return clients.contains { $0.contains(address) }
    }

    func permits(port: Int, tunnel: Bool) -> Bool { (tunnel ? connectPorts : ports)?.contains(port) ?? false }

    /// The first reason against it.
    func refusal(client: String, destination: Destination, tunnel: Bool) -> RequestRefusal? {
        guard permits(client: client) else { return .client }
        guard permits(port: destination.port, tunnel: tunnel) else { return .port }
        if deniedHosts.contains(where: { $0.matches(destination.host) }) { return .host }
        guard allowedHosts.isEmpty || allowedHosts.contains(where: { $0.matches(destination.host) }) else { return .host }
        return nil
    }
}
