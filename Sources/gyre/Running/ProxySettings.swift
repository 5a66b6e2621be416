// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreConfiguration
import GyreProxy
import HTTPCaching
import HTTPWire

/// From settings, as people give them, to what the modules take.
extension GyreSettings {
    var proxyConfiguration: ProxyConfiguration {
        var proxy = ProxyConfiguration(origin: origin.url.map { origin.target($0) })
        proxy.rules = siteRules.rules.isEmpty ? nil : siteRules.rules
        proxy.namedOrigins = siteRules.origins.mapValues { origin.target($0) }
        proxy.upgrades = server.upgrades.map { $0.lowercased() }
        if !server.name.isEmpty { proxy.name = server.name }
        proxy.timeouts.minBytesPerSecond = server.minRate.map { Int($0.bytes) }
        proxy.timeouts.paceGraceMilliseconds = Int64(server.minRateGrace.milliseconds)
        proxy.timeouts.tunnelMilliseconds = Int64(server.tunnelTimeout.milliseconds)
        proxy.listenHost = server.listen.host ?? "::"
        proxy.listenPort = Int(server.listen.port)
        proxy.workers = server.workers
        proxy.limits = WireLimits(
            maxRequestLineBytes: Int(server.maxRequestLine.bytes),
            maxHeadBytes: Int(server.maxHead.bytes),
            maxFieldCount: server.maxFields
        )
        if let maxBody = server.maxBody { proxy.maxRequestBodyBytes = UInt64(maxBody.bytes) }
        proxy.maxObjectBytes = Int(cache.maxObjectSize.bytes)
        proxy.timeouts.headMilliseconds = Int64(server.headerTimeout.milliseconds)
        proxy.timeouts.bodyMilliseconds = Int64(server.bodyTimeout.milliseconds)
        proxy.timeouts.idleMilliseconds = Int64(server.idleTimeout.milliseconds)
        proxy.timeouts.writeMilliseconds = Int64(server.writeTimeout.milliseconds)
        proxy.caching.heuristicFraction = cache.heuristicFraction
        proxy.caching.maxHeuristicTTLSeconds = Int64(cache.heuristicMax.wholeSeconds)
        proxy.trustsForwarded = server.trustForwarded
        cache.apply(to: &proxy.caching)
        proxy.errorBackoffMilliseconds = Int64(cache.errorBackoff.milliseconds)
        proxy.collapsing.passSeconds = Int64(cache.passTime.wholeSeconds)
        proxy.collapsing.keptBytes = Int(cache.collapseBuffer.bytes)
        proxy.keyRules.sortsQuery = cache.sortQuery
        proxy.keyRules.strippedParameters = cache.stripQuery
        proxy.keyRules.allowedParameters = cache.allowQuery.isEmpty ? nil : cache.allowQuery
        proxy.showsKey = cache.statusKey
        proxy.purgers = cache.purgeClients.compactMap { AddressRange($0) }
        return proxy
    }

    /// Settings whose values only the modules that take them can judge, with what is wrong with them.
    var problems: [String] {
        let bad = cache.purgeClients.filter { AddressRange($0) == nil }
        return bad.map { "cache.purge-clients: \"\($0)\" is no address; write for example 127.0.0.1 or 10.0.0.0/8" }
    }

    var storeConfiguration: StoreConfiguration {
        var store = StoreConfiguration()
        let directIO: Bool? =
            switch volume.directIO {
            case .auto: nil
            case .on: true
            case .off: false
            }
        if case .volumes(let places) = volume.location {
            store.volumes = places.map { place in
                VolumeConfiguration(
                    path: place.path,
                    byteCount: (place.size ?? volume.size).bytes,
                    directIO: directIO,
                    weight: place.weight
                )
            }
        }
        store.stripeBytes = Int(volume.stripeSize.bytes)
        store.membufs = volume.membufs
        store.ioThreads = volume.ioThreads
        store.ioEngine =
            switch volume.ioEngine {
            case .threads: .threads
            case .posixAIO: .posixAIO
            case .ioUring: .ioUring
            }
        store.sparse = volume.sparse
        store.replacement =
            switch volume.replacement {
            case .gyre: .gyre
            case .cyclic: .cyclic
            case .relocateOnHit: .relocateOnHit(percent: volume.relocatePercent)
            }
        store.byteShare = volume.byteShare
        store.writtenByteCost = volume.writtenByteCost
        store.writeBytesPerSecond = volume.writeBudget.map { Int($0.bytes) }
        store.writeBytesPerDay = volume.writeBudgetDaily.map { Int($0.bytes) }
        store.memoryBytes = Int(memory.size.bytes)
        return store
    }
}

extension GyreSettings.Origin {
    /// A URL with how its host is spoken to.
    func target(_ url: OriginURL) -> ProxyConfiguration.Origin {
        var target = ProxyConfiguration.Origin(host: url.host, port: Int(url.port))
        target.usesTLS = url.scheme == .https
        target.connectTimeoutMilliseconds = Int64(connectTimeout.milliseconds)
        target.readTimeoutMilliseconds = Int64(readTimeout.milliseconds)
        target.maxConnections = connections
        return target
    }
}

extension GyreSettings.Cache {
    /// The operator's caching decisions.
    func apply(to policy: inout CachingPolicy) {
        policy.defaultTTLSeconds = Int64(defaultTTL.wholeSeconds)
        policy.minTTLSeconds = Int64(minTTL.wholeSeconds)
        policy.maxTTLSeconds = Int64(maxTTL.wholeSeconds)
        policy.maxNegativeTTLSeconds = Int64(maxErrorTTL.wholeSeconds)
        policy.jitterFraction = jitter
        policy.keepSeconds = Int64(keep.wholeSeconds)
        policy.graceSeconds = Int64(grace.wholeSeconds)
        policy.defaultStaleWhileRevalidateSeconds = Int64(staleWhileRevalidate.wholeSeconds)
        policy.defaultStaleIfErrorSeconds = Int64(staleIfError.wholeSeconds)
        policy.staleWhenUnreachableSeconds = Int64(staleUnreachable.wholeSeconds)
        policy.honorsRequestDirectives = requestDirectives
        policy.targetedFields = targetedFields
        policy.setCookie = CachingPolicy.SetCookieRule(rawValue: setCookie.rawValue) ?? policy.setCookie
        policy.guardsAgainstDeception = deceptionGuard
        policy.maxRangeCount = maxRanges
    }
}
