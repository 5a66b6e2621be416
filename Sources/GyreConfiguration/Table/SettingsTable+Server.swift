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
            "Whether Forwarded and X-Forwarded-* of clients go on to the origin: only behind a proxy of your own that sets them; no key holds them"
        ),
    ]

    static let admin: [Setting] = [
        Setting(
            "admin.listen",
            \.admin.listen,
            .address(orNil: "none"),
            default: "127.0.0.1:9180",
            flag: "--admin",
            "Where /metrics, /healthz, /readyz and /sample are served, and purges and questions are taken"
        )
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
