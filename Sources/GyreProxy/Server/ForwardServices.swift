// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix
import Synchronization

/// What a forward proxy has besides: threads that may wait, who may come in, and who is asked for addresses.
struct ForwardServices: Sendable {
    /// A look-up may take as long as the system lets it, and needs no processor meanwhile.
    private static let lookupThreads = 16
    /// A password is all processor: whoever guesses gets no more of it than this, and no look-up waits for them.
    private static let passwordThreads = 2

    private let pools: [NIOThreadPool]
    let gate: ForwardGate
    /// Nil: nobody needs a password.
    let authenticator: Authenticator?
    let lookup: NameLookup
    let ownPort = BoundPort()

    init(_ configuration: ProxyConfiguration.Forward) {
        let lookups = NIOThreadPool(numberOfThreads: Self.lookupThreads)
        let passwords = configuration.users.map { _ in NIOThreadPool(numberOfThreads: Self.passwordThreads) }
        pools = [lookups] + (passwords.map { [$0] } ?? [])
        for pool in pools { pool.start() }
        gate = ForwardGate(configuration)
        if let users = configuration.users, let passwords {
            authenticator = Authenticator(users: users, pool: passwords)
        } else {
            authenticator = nil
        }
        lookup = NameLookup(pool: lookups, resolve: configuration.resolve)
    }

    /// Ends the threads.
    func shutDown() async {
        for pool in pools { try? await pool.shutdownGracefully() }
    }
}

/// The port that the proxy listens on, known when it does.
final class BoundPort: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .relaxed) }
    func set(_ port: Int) { number.store(port, ordering: .relaxed) }
}

extension PoolSettings {
    init(_ configuration: ProxyConfiguration, forward services: ForwardServices?) throws {
        if let origin = configuration.origin { origins[.origin] = try configuration.upstreamSettings(origin) }
        for (name, origin) in configuration.namedOrigins { origins[.named(name)] = try configuration.upstreamSettings(origin) }
        guard let forward = configuration.forward, let services else { return }
        self.forward = forward
        maxDestinations = forward.maxDestinations
        tls = try configuration.clientTLS()
        dialer = Dialer(lookup: services.lookup, addressGuard: AddressGuard(configuration, forward), ownPort: services.ownPort)
    }
}

extension AddressGuard {
    /// The machine's own addresses are looked up once, at start; loopback counts as own in any case.
    init(_ configuration: ProxyConfiguration, _ forward: ProxyConfiguration.Forward) {
        allowed = forward.allowedPrivate
        ownPorts = forward.ownPorts
        let devices = (try? System.enumerateDevices()) ?? []
        ownAddresses = devices.compactMap { $0.address?.ipAddress.flatMap { AddressRange($0) } }
    }
}
