// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOSSL

/// The pools of one event loop: one for each configured origin, and one for each host that clients of the forward proxy have named of late.
final class DestinationPools {
    /// What a request is for.
    enum Route: Hashable, Sendable {
        /// The configured origin.
        case origin
        /// An origin that rules have chosen by its name.
        case named(String)
        /// Whatever host the client named.
        case host(Destination)
    }

    private struct Entry {
        let pool: UpstreamPool
        var lastUsed: UInt64
    }

    private struct Retired {
        let route: Route
        let pool: UpstreamPool
        let until: NIODeadline
    }

    /// For how long a request that chose its origin before the change may still ask for it: no look-up takes longer.
    private static let retirement = TimeAmount.seconds(60)

    private let loop: any EventLoop
    private let settings: PoolSettings
    private let flushes: LoopFlushes
    private var fixed: [Route: UpstreamPool] = [:]
    /// Pools of origins that were taken away or changed.
    private var retired: [Retired] = []
    private var hosts: [Destination: Entry] = [:]
    private var clock: UInt64 = 0
    private var isClosed = false

    init(loop: any EventLoop, settings: PoolSettings, flushes: LoopFlushes) {
        self.loop = loop
        self.settings = settings
        self.flushes = flushes
        for (route, origin) in settings.origins { fixed[route] = UpstreamPool(loop: loop, settings: origin, flushes: flushes) }
    }

    func start(_ request: UpstreamRequest, to route: Route, _ receiver: any UpstreamReceiver) -> (any UpstreamCall)? {
        guard let pool = pool(for: route) else {
            receiver.upstreamFailed(isClosed ? .cancelled : .tooManyWaiting)
            return nil
        }
        return pool.start(request, receiver)
    }

    /// Nil when there are as many hosts as there may be, and none of them is at rest.
    private func pool(for route: Route) -> UpstreamPool? {
        guard case .host(let destination) = route else { return fixed[route] ?? retired.last { $0.route == route }?.pool }
        clock += 1
        if hosts[destination] != nil {
            hosts[destination]?.lastUsed = clock
            return hosts[destination]?.pool
        }
        guard !isClosed, let made = settings.settings(for: destination) else { return nil }
        if hosts.count >= settings.maxDestinations {
            let oldest = hosts.filter { $0.value.pool.isQuiet }.min { $0.value.lastUsed < $1.value.lastUsed }
            guard let oldest else { return nil }
            hosts.removeValue(forKey: oldest.key)
            oldest.value.pool.close()
        }
        let pool = UpstreamPool(loop: loop, settings: made, flushes: flushes)
        hosts[destination] = Entry(pool: pool, lastUsed: clock)
        return pool
    }

    /// Origins that are others from now on; nil: there is none of that name any more. Requests that were sent to the old ones end there.
    func replace(_ origins: [Route: UpstreamSettings?], now: NIODeadline) {
        guard !isClosed else { return }
        for (route, settings) in origins {
            if let old = fixed.removeValue(forKey: route) {
                old.retire()
                retired.append(Retired(route: route, pool: old, until: now + Self.retirement))
            }
            if let settings { fixed[route] = UpstreamPool(loop: loop, settings: settings, flushes: flushes) }
        }
    }

    /// Origins that were taken away or changed, and still have something under way or may be asked.
    var retiredCount: Int { retired.count }

    /// Closes what has been idle for too long. Called about once a second.
    func sweep(now: NIODeadline) {
        for pool in fixed.values { pool.sweep(now: now) }
        retired.removeAll { $0.pool.isEmpty && now >= $0.until }
        for (destination, entry) in hosts {
            entry.pool.sweep(now: now)
            if entry.pool.isEmpty { hosts.removeValue(forKey: destination) }
        }
    }

    func close() {
        isClosed = true
        for pool in fixed.values { pool.close() }
        for old in retired { old.pool.close() }
        for entry in hosts.values { entry.pool.close() }
    }
}

/// What the pools of all loops are made from.
struct PoolSettings: Sendable {
    var origins: [DestinationPools.Route: UpstreamSettings] = [:]
    var maxDestinations = 0
    /// For hosts that clients name; nil without a forward proxy.
    var dialer: Dialer?
    var forward = ProxyConfiguration.Forward()
    /// For `https` targets.
    var tls: NIOSSLContext?

    func settings(for destination: Destination) -> UpstreamSettings? {
        guard let dialer else { return nil }
        var settings = UpstreamSettings(host: destination.host, port: destination.port)
        settings.dialer = dialer
        settings.connectTimeoutMilliseconds = forward.connectTimeoutMilliseconds
        settings.readTimeoutMilliseconds = forward.readTimeoutMilliseconds
        settings.maxConnections = forward.connectionsPerHost
        settings.maxIdle = min(settings.maxIdle, forward.connectionsPerHost)
        if destination.usesTLS {
            settings.tls = tls
            settings.tlsServerName = IPAddress(destination.host) == nil ? destination.host : nil
        }
        return settings
    }
}
