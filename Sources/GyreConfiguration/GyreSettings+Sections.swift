// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

// The values that the properties begin with are never seen: loading sets every property from its row, and tests prove that each
// property has one.

extension GyreSettings {
    /// `origin.…`: the site behind the cache.
    public struct Origin: Sendable {
        /// `origin.url`; nil for a forward proxy alone.
        public internal(set) var url: OriginURL?
        /// `origin.connect-timeout`
        public internal(set) var connectTimeout = DurationSetting(milliseconds: 0)
        /// `origin.read-timeout`
        public internal(set) var readTimeout = DurationSetting(milliseconds: 0)
        /// `origin.connections`, for each worker.
        public internal(set) var connections = 0
    }

    /// `server.…`: the side that clients see.
    public struct Server: Sendable {
        /// `server.listen`
        public internal(set) var listen = ListenAddress(host: nil, port: 0)
        /// `server.workers`; `auto` has been replaced by the number of cores.
        public internal(set) var workers = 0
        /// `server.max-request-line`
        public internal(set) var maxRequestLine = ByteSize(bytes: 0)
        /// `server.max-head`
        public internal(set) var maxHead = ByteSize(bytes: 0)
        /// `server.max-fields`
        public internal(set) var maxFields = 0
        /// `server.max-body`; nil is unlimited.
        public internal(set) var maxBody: ByteSize?
        /// `server.header-timeout`
        public internal(set) var headerTimeout = DurationSetting(milliseconds: 0)
        /// `server.body-timeout`
        public internal(set) var bodyTimeout = DurationSetting(milliseconds: 0)
        /// `server.idle-timeout`
        public internal(set) var idleTimeout = DurationSetting(milliseconds: 0)
        /// `server.write-timeout`
        public internal(set) var writeTimeout = DurationSetting(milliseconds: 0)
        /// `server.min-rate`, in a second; nil for none.
        public internal(set) var minRate: ByteSize?
        /// `server.min-rate-grace`
        public internal(set) var minRateGrace = DurationSetting(milliseconds: 0)
        /// `server.tunnel-timeout`
        public internal(set) var tunnelTimeout = DurationSetting(milliseconds: 0)
        /// `server.upgrades`, in lower case.
        public internal(set) var upgrades = [String]()
        /// `server.name`; empty for one that is made up at each start.
        public internal(set) var name = ""
        /// `server.drain-timeout`
        public internal(set) var drainTimeout = DurationSetting(milliseconds: 0)
        /// `server.trust-forwarded`
        public internal(set) var trustForwarded = false
    }

    /// `forward.…`: a proxy that fetches from whatever host a client names.
    public struct Forward: Sendable {
        /// `forward.enabled`
        public internal(set) var enabled = false
        /// `forward.clients`
        public internal(set) var clients = [String]()
        /// `forward.users`; nil when nobody needs a password.
        public internal(set) var users: String?
        /// `forward.ports`
        public internal(set) var ports = [String]()
        /// `forward.connect-ports`
        public internal(set) var connectPorts = [String]()
        /// `forward.allow-hosts`; empty for all.
        public internal(set) var allowHosts = [String]()
        /// `forward.deny-hosts`
        public internal(set) var denyHosts = [String]()
        /// `forward.allow-private`
        public internal(set) var allowPrivate = [String]()
        /// `forward.destinations`, for each worker.
        public internal(set) var destinations = 0
        /// `forward.connections`, for each worker and host.
        public internal(set) var connections = 0
    }

    /// `admin.…`: metrics and health.
    public struct Admin: Sendable {
        /// `admin.listen`; nil when there are no admin pages.
        public internal(set) var listen: ListenAddress?
    }

    /// `memory.…`: objects in memory.
    public struct Memory: Sendable {
        /// `memory.size`
        public internal(set) var size = ByteSize(bytes: 0)
    }

    /// `volume.…`: objects on disk. The other properties mean nothing when the location is `.memoryOnly`.
    public struct Volume: Sendable {
        /// `volume.path`
        public internal(set) var location = VolumeLocation.memoryOnly
        /// `volume.size`
        public internal(set) var size = ByteSize(bytes: 0)
        /// `volume.stripe-size`, a power of two.
        public internal(set) var stripeSize = ByteSize(bytes: 0)
        /// `volume.membufs`
        public internal(set) var membufs = 0
        /// `volume.replacement`
        public internal(set) var replacement = ReplacementChoice.gyre
        /// `volume.relocate-percent`, from 0 to 100.
        public internal(set) var relocatePercent = 50
        /// `volume.byte-share`, from 0 to 1.
        public internal(set) var byteShare = 0.0
        /// `volume.written-byte-cost`, from 0 to 1000.
        public internal(set) var writtenByteCost = 0.0
        /// `volume.write-budget`, per second; nil for none.
        public internal(set) var writeBudget: ByteSize?
        /// `volume.write-budget-daily`; nil for none.
        public internal(set) var writeBudgetDaily: ByteSize?
        /// `volume.io-engine`
        public internal(set) var ioEngine = IOEngineChoice.threads
        /// `volume.io-threads`
        public internal(set) var ioThreads = 0
        /// `volume.direct-io`
        public internal(set) var directIO = DirectIOChoice.auto
        /// `volume.sparse`
        public internal(set) var sparse = false
    }

    /// `cache.…`: what is stored, and for how long.
    public struct Cache: Sendable {
        /// `cache.heuristic-fraction`, from 0 to 1.
        public internal(set) var heuristicFraction = 0.0
        /// `cache.heuristic-max`
        public internal(set) var heuristicMax = DurationSetting(milliseconds: 0)
        /// `cache.max-object-size`
        public internal(set) var maxObjectSize = ByteSize(bytes: 0)
        /// `cache.default-ttl`
        public internal(set) var defaultTTL = DurationSetting(milliseconds: 0)
        /// `cache.min-ttl`
        public internal(set) var minTTL = DurationSetting(milliseconds: 0)
        /// `cache.max-ttl`
        public internal(set) var maxTTL = DurationSetting(milliseconds: 0)
        /// `cache.max-error-ttl`
        public internal(set) var maxErrorTTL = DurationSetting(milliseconds: 0)
        /// `cache.jitter`
        public internal(set) var jitter = 0.0
        /// `cache.grace`
        public internal(set) var grace = DurationSetting(milliseconds: 0)
        /// `cache.keep`
        public internal(set) var keep = DurationSetting(milliseconds: 0)
        /// `cache.stale-while-revalidate`
        public internal(set) var staleWhileRevalidate = DurationSetting(milliseconds: 0)
        /// `cache.stale-if-error`
        public internal(set) var staleIfError = DurationSetting(milliseconds: 0)
        /// `cache.stale-unreachable`
        public internal(set) var staleUnreachable = DurationSetting(milliseconds: 0)
        /// `cache.error-backoff`
        public internal(set) var errorBackoff = DurationSetting(milliseconds: 0)
        /// `cache.request-directives`
        public internal(set) var requestDirectives = false
        /// `cache.targeted-fields`
        public internal(set) var targetedFields = [String]()
        /// `cache.set-cookie`
        public internal(set) var setCookie = SetCookieChoice.storeWhenExplicit
        /// `cache.deception-guard`
        public internal(set) var deceptionGuard = false
        /// `cache.max-ranges`
        public internal(set) var maxRanges = 0
        /// `cache.pass-time`
        public internal(set) var passTime = DurationSetting(milliseconds: 0)
        /// `cache.collapse-buffer`
        public internal(set) var collapseBuffer = ByteSize(bytes: 0)
        /// `cache.sort-query`
        public internal(set) var sortQuery = false
        /// `cache.strip-query`
        public internal(set) var stripQuery = [String]()
        /// `cache.allow-query`
        public internal(set) var allowQuery = [String]()
        /// `cache.status-key`
        public internal(set) var statusKey = false
        /// `cache.purge-clients`
        public internal(set) var purgeClients = [String]()
    }

    /// `log.…`: logs.
    public struct Log: Sendable {
        /// `log.access`
        public internal(set) var access = AccessLogTarget.off
        /// `log.format`
        public internal(set) var format = AccessLogFormat.combined
        /// `log.level`
        public internal(set) var level = LogLevel.info
    }
}
