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
        var target = ProxyConfiguration.Origin(host: origin.url.host, port: Int(origin.url.port))
        target.usesTLS = origin.url.scheme == .https
        target.connectTimeoutMilliseconds = Int64(origin.connectTimeout.milliseconds)
        target.readTimeoutMilliseconds = Int64(origin.readTimeout.milliseconds)
        target.maxConnections = origin.connections
        var proxy = ProxyConfiguration(origin: target)
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
        return proxy
    }

    var storeConfiguration: StoreConfiguration {
        var store = StoreConfiguration()
        if case .file(let path) = volume.location { store.volumePath = path }
        store.volumeBytes = Int(volume.size.bytes)
        store.stripeBytes = Int(volume.stripeSize.bytes)
        store.membufs = volume.membufs
        store.ioThreads = volume.ioThreads
        store.ioEngine =
            switch volume.ioEngine {
            case .threads: .threads
            case .posixAIO: .posixAIO
            case .ioUring: .ioUring
            }
        store.directIO =
            switch volume.directIO {
            case .auto: nil
            case .on: true
            case .off: false
            }
        store.sparse = volume.sparse
        store.memoryBytes = Int(memory.size.bytes)
        return store
    }
}
