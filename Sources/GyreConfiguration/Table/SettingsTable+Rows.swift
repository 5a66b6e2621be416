// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    static let origin: [Setting] = [
        Setting(
            "origin.url",
            \.origin.url,
            .originURL(orNil: "none"),
            default: .requiredUnless("forward.enabled"),
            flag: "--origin",
            "The site that the cache fetches from; none for a forward proxy alone"
        ),
        Setting(
            "origin.connect-timeout",
            \.origin.connectTimeout,
            .duration(SettingLimits.timeout),
            default: "5s",
            "How long a connection to the origin may take to open"
        ),
        Setting(
            "origin.read-timeout",
            \.origin.readTimeout,
            .duration(SettingLimits.timeout),
            default: "60s",
            "How long the origin may be silent while an answer is awaited"
        ),
        Setting(
            "origin.connections",
            \.origin.connections,
            .count(SettingLimits.originConnections),
            default: "256",
            "Connections to the origin at the same time, for each worker"
        ),
    ]

    static let server: [Setting] = [
        Setting(
            "server.listen",
            \.server.listen,
            .address,
            default: "127.0.0.1:8080",
            flag: "--listen",
            "Where clients connect"
        ),
        Setting(
            "server.workers",
            \.server.workers,
            .countOrCores(SettingLimits.workers),
            default: "auto",
            flag: "--workers",
            "Event loops that serve clients; auto is one for each core"
        ),
        Setting(
            "server.max-request-line",
            \.server.maxRequestLine,
            .size(SettingLimits.requestLine),
            default: "16KiB",
            "Longest request line; a longer one is answered with 414"
        ),
        Setting(
            "server.max-head",
            \.server.maxHead,
            .size(SettingLimits.head),
            default: "64KiB",
            "Largest head of a request or response, request line and fields together"
        ),
        Setting(
            "server.max-fields",
            \.server.maxFields,
            .count(SettingLimits.fieldCount),
            default: "128",
            "Most field lines in a head"
        ),
        Setting(
            "server.max-body",
            \.server.maxBody,
            .size(SettingLimits.body, orNil: "unlimited"),
            default: "unlimited",
            "Largest body of a request; a larger one is answered with 413"
        ),
        Setting(
            "server.header-timeout",
            \.server.headerTimeout,
            .duration(SettingLimits.timeout),
            default: "10s",
            "How long a client may take to send a head"
        ),
        Setting(
            "server.body-timeout",
            \.server.bodyTimeout,
            .duration(SettingLimits.timeout),
            default: "60s",
            "How long a client may be silent while it sends a body"
        ),
        Setting(
            "server.idle-timeout",
            \.server.idleTimeout,
            .duration(SettingLimits.timeout),
            default: "75s",
            "How long a connection stays open between two requests"
        ),
        Setting(
            "server.write-timeout",
            \.server.writeTimeout,
            .duration(SettingLimits.timeout),
            default: "60s",
            "How long a client may take no bytes while it is sent a response"
        ),
        Setting(
            "server.min-rate",
            \.server.minRate,
            .size(SettingLimits.minRate, orNil: "none"),
            default: "240B",
            "Bytes a second; a client that sends a body or takes a response slower than this is let go"
        ),
        Setting(
            "server.min-rate-grace",
            \.server.minRateGrace,
            .duration(SettingLimits.timeout),
            default: "30s",
            "How long a client that is waited for may be slower than server.min-rate"
        ),
        Setting(
            "server.tunnel-timeout",
            \.server.tunnelTimeout,
            .duration(SettingLimits.timeout),
            default: "10m",
            "How long nothing may move in a tunnel (CONNECT) or on a connection that changed its protocol"
        ),
        Setting(
            "server.upgrades",
            \.server.upgrades,
            .words("protocols", example: "websocket"),
            default: "websocket",
            "Protocols that a client may change to (Upgrade); a request for another one is answered as if it had not asked"
        ),
        Setting(
            "server.name",
            \.server.name,
            .name(or: "auto"),
            default: "auto",
            "Name in Via and CDN-Loop, by which requests that go in circles are told; auto makes one up at each start"
        ),
        Setting(
            "server.drain-timeout",
            \.server.drainTimeout,
            .duration(SettingLimits.drain),
            default: "10s",
            "How long exchanges in progress may go on after a stop was asked for"
        ),
        Setting(
            "server.trust-forwarded",
            \.server.trustForwarded,
            .boolean,
            default: "false",
            "Whether Forwarded and X-Forwarded-* of clients go on to the origin: only behind a proxy of your own"
        ),
    ]

    static let admin: [Setting] = [
        Setting(
            "admin.listen",
            \.admin.listen,
            .address(orNil: "none"),
            default: "127.0.0.1:9180",
            flag: "--admin",
            "Where /metrics, /healthz and /readyz are served"
        )
    ]

    static let memory: [Setting] = [
        Setting(
            "memory.size",
            \.memory.size,
            .size(SettingLimits.memory),
            default: "256MiB",
            flag: "--memory",
            "Memory for objects, shared by all workers"
        )
    ]

    static let volume: [Setting] = [
        Setting(
            "volume.path",
            \.volume.location,
            .volumeLocation,
            default: .derived(
                words: "$XDG_CACHE_HOME/gyre/volume.gyre or ~/.cache/gyre/volume.gyre",
                needs: "XDG_CACHE_HOME or HOME",
                { context in context.cacheFolder.map { "\($0)/gyre/volume.gyre" } }
            ),
            flag: "--volume",
            "Files or raw block devices for objects, made on first start; none keeps them in memory alone"
        ),
        Setting(
            "volume.size",
            \.volume.size,
            .size(SettingLimits.volume),
            default: "1GiB",
            flag: "--volume-size",
            "Size of a volume that does not say its own"
        ),
        Setting(
            "volume.stripe-size",
            \.volume.stripeSize,
            .size(SettingLimits.stripe, powerOfTwo: true),
            default: "1MiB",
            "Bytes written at once; fixed when the volume is made"
        ),
        Setting(
            "volume.membufs",
            \.volume.membufs,
            .count(SettingLimits.membufs),
            default: "8",
            "Stripes of each volume in memory that are being filled or written"
        ),
        Setting(
            "volume.replacement",
            \.volume.replacement,
            .choice("a replacement"),
            default: "gyre",
            "How room is made and what is written at all: gyre, cyclic (first in, first out) or relocate-on-hit (the ancestor's)"
        ),
        Setting(
            "volume.relocate-percent",
            \.volume.relocatePercent,
            .count(SettingLimits.percent),
            default: "50",
            "With relocate-on-hit: the share of the volume written since, above which a hit is copied to the head"
        ),
        Setting(
            "volume.write-budget",
            \.volume.writeBudget,
            .size(SettingLimits.writeBudget, orNil: "unlimited"),
            default: "unlimited",
            "Most bytes written to all volumes together in a second, over any ten seconds"
        ),
        Setting(
            "volume.write-budget-daily",
            \.volume.writeBudgetDaily,
            .size(SettingLimits.writeBudgetDaily, orNil: "unlimited"),
            default: "unlimited",
            "Most bytes written to all volumes together on any day"
        ),
        Setting(
            "volume.io-engine",
            \.volume.ioEngine,
            .choice("an I/O engine"),
            default: "threads",
            "What reads and writes the volume; io-uring needs a program built with the trait IOUring"
        ),
        Setting(
            "volume.io-threads",
            \.volume.ioThreads,
            .count(SettingLimits.ioThreads),
            default: "4",
            "Threads of each volume's engine of threads"
        ),
        Setting(
            "volume.direct-io",
            \.volume.directIO,
            .choice("a use of direct I/O"),
            default: "auto",
            "Whether the page cache of the system is passed by; auto does so for raw devices, not for files"
        ),
        Setting(
            "volume.sparse",
            \.volume.sparse,
            .boolean,
            default: "false",
            "Whether a new file gets its blocks only as they are written, for file systems that cannot reserve them"
        ),
    ]

    static let cache: [Setting] = [
        Setting(
            "cache.heuristic-fraction",
            \.cache.heuristicFraction,
            .fraction(SettingLimits.heuristicFraction),
            default: "0.1",
            "Part of an object's age at its arrival for which it is fresh when the origin does not say (RFC 9111, 4.2.2)"
        ),
        Setting(
            "cache.heuristic-max",
            \.cache.heuristicMax,
            .duration(SettingLimits.heuristicLifetime),
            default: "1d",
            "Longest freshness that is found so"
        ),
        Setting(
            "cache.max-object-size",
            \.cache.maxObjectSize,
            .size(SettingLimits.object),
            default: "1GiB",
            "Largest object that is stored; a larger one is passed through"
        ),
        Setting(
            "cache.default-ttl",
            \.cache.defaultTTL,
            .duration(SettingLimits.freshness),
            default: "0s",
            "Freshness of a response that says nothing and has no Last-Modified"
        ),
        Setting(
            "cache.min-ttl",
            \.cache.minTTL,
            .duration(SettingLimits.freshness),
            default: "0s",
            "No freshness that the origin gave is shorter; above 0 it departs from RFC 9111, 4.2"
        ),
        Setting(
            "cache.max-ttl",
            \.cache.maxTTL,
            .duration(SettingLimits.freshness),
            default: "365d",
            "No freshness is longer"
        ),
        Setting(
            "cache.max-error-ttl",
            \.cache.maxErrorTTL,
            .duration(SettingLimits.freshness),
            default: "10m",
            "No freshness of a 4xx or 5xx response is longer"
        ),
        Setting(
            "cache.jitter",
            \.cache.jitter,
            .fraction(SettingLimits.heuristicFraction),
            default: "0",
            "Greatest part by which freshness is shortened at random, so that objects stored together do not expire together"
        ),
        Setting(
            "cache.grace",
            \.cache.grace,
            .duration(SettingLimits.freshness),
            default: "0s",
            "For how long after expiry a response is served while it is validated behind it, where the origin does not forbid it"
        ),
        Setting(
            "cache.keep",
            \.cache.keep,
            .duration(SettingLimits.freshness),
            default: "7d",
            "For how long after expiry a response is kept for a cheap 304; one that may be served stale for longer is kept longer"
        ),
        Setting(
            "cache.stale-while-revalidate",
            \.cache.staleWhileRevalidate,
            .duration(SettingLimits.freshness),
            default: "0s",
            "The stale-while-revalidate of responses that have none (RFC 5861, 3)"
        ),
        Setting(
            "cache.stale-if-error",
            \.cache.staleIfError,
            .duration(SettingLimits.freshness),
            default: "0s",
            "The stale-if-error of responses that have none (RFC 5861, 4)"
        ),
        Setting(
            "cache.stale-unreachable",
            \.cache.staleUnreachable,
            .duration(SettingLimits.freshness),
            default: "1d",
            "For how long after expiry a response is served when the origin cannot be reached at all (RFC 9111, 4.2.4)"
        ),
        Setting(
            "cache.error-backoff",
            \.cache.errorBackoff,
            .duration(SettingLimits.freshness),
            default: "1s",
            "For how long the origin is not asked again about a stale response that was served because it failed; 0s asks each time"
        ),
        Setting(
            "cache.request-directives",
            \.cache.requestDirectives,
            .boolean,
            default: "true",
            "Whether no-cache, max-age, min-fresh and max-stale of requests count (RFC 9111, 5.2.1)"
        ),
        Setting(
            "cache.targeted-fields",
            \.cache.targetedFields,
            .words("fields", example: "CDN-Cache-Control"),
            default: "CDN-Cache-Control",
            "Fields that replace Cache-Control for this cache, the first that is there counts (RFC 9213)"
        ),
        Setting(
            "cache.set-cookie",
            \.cache.setCookie,
            .choice("a rule for Set-Cookie"),
            default: "store-when-explicit",
            "What is done with a response that sets a cookie"
        ),
        Setting(
            "cache.deception-guard",
            \.cache.deceptionGuard,
            .boolean,
            default: "false",
            "Whether a page that answers under the name of a static file is not stored"
        ),
        Setting(
            "cache.max-ranges",
            \.cache.maxRanges,
            .count(SettingLimits.ranges),
            default: "16",
            "Most parts of an answer to a request for several ranges; for more the whole is sent"
        ),
        Setting(
            "cache.pass-time",
            \.cache.passTime,
            .duration(SettingLimits.freshness),
            default: "60s",
            "For how long requests do not wait for each other after a response that could not be shared"
        ),
        Setting(
            "cache.collapse-buffer",
            \.cache.collapseBuffer,
            .size(SettingLimits.collapseBuffer),
            default: "8MiB",
            "Bytes of a response under way that are kept for requests that join it late"
        ),
        Setting(
            "cache.sort-query",
            \.cache.sortQuery,
            .boolean,
            default: "false",
            "Whether query parameters are sorted by name, in the key and towards the origin"
        ),
        Setting(
            "cache.strip-query",
            \.cache.stripQuery,
            .words("parameters", example: "utm_*, fbclid"),
            default: "none",
            "Query parameters that are left out, in the key and towards the origin; a name may end in *"
        ),
        Setting(
            "cache.allow-query",
            \.cache.allowQuery,
            .words("parameters", example: "page, q", none: "all"),
            default: "all",
            "The only query parameters that are kept; a name may end in *"
        ),
        Setting(
            "cache.purge-clients",
            \.cache.purgeClients,
            .words("addresses", example: "127.0.0.0/8, ::1"),
            default: "127.0.0.0/8, ::1",
            "Addresses that may use the PURGE method"
        ),
    ]

    static let log: [Setting] = [
        Setting(
            "log.access",
            \.log.access,
            .accessLogTarget,
            default: "-",
            flag: "--access-log",
            "Where one line for each request goes"
        ),
        Setting(
            "log.format",
            \.log.format,
            .choice("an access log format"),
            default: "combined",
            flag: "--access-log-format",
            "How such a line is laid out"
        ),
        Setting(
            "log.level",
            \.log.level,
            .choice("a log level"),
            default: "info",
            flag: "--log-level",
            "The least important message of the program's own log that is shown"
        ),
    ]
}
