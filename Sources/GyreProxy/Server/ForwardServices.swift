// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix
import Synchronization

/// What a forward proxy has besides: threads that may wait, who may come in, and who is asked for addresses.
struct ForwardServices: Sendable {
    /// Threads for look-ups and passwords; a look-up may take as long as the system lets it.
    private static let threads = 16

    let pool: NIOThreadPool
    let gate: ForwardGate
    /// Nil: nobody needs a password.
    let authenticator: Authenticator?
    let lookup: NameLookup
    let ownPort = BoundPort()

    init(_ configuration: ProxyConfiguration.Forward) {
        pool = NIOThreadPool(numberOfThreads: Self.threads)
        pool.start()
        gate = ForwardGate(configuration)
        authenticator = configuration.users.map { [pool] in Authenticator(users: $0, pool: pool) }
        lookup = NameLookup(pool: pool, resolve: configuration.resolve)
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
