// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    static let origin: [Setting] = [
        Setting(
            "origin.url",
            \.origin.url,
            .originURL,
            default: .required,
            flag: "--origin",
            "The site that the cache fetches from"
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
            "server.drain-timeout",
            \.server.drainTimeout,
            .duration(SettingLimits.drain),
            default: "10s",
            "How long exchanges in progress may go on after a stop was asked for"
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
            "File or raw block device for objects, made on first start; none keeps them in memory alone"
        ),
        Setting(
            "volume.size",
            \.volume.size,
            .size(SettingLimits.volume),
            default: "1GiB",
            flag: "--volume-size",
            "Size of the volume"
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
            "Stripes in memory that are being filled or written"
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
            "Threads of the engine of threads"
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
