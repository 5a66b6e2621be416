// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPCaching
public import HTTPWire
import NIOCore
import NIOSSL

/// Everything the proxy needs to know, already checked.
public struct ProxyConfiguration: Sendable {
    /// Deadlines on what a client can delay.
    public struct Timeouts: Sendable {
        /// From the first byte of a head to its last, in milliseconds.
        public var headMilliseconds: Int64 = 10_000
        /// Between two pieces of a request body.
        public var bodyMilliseconds: Int64 = 60_000
        /// Between two requests.
        public var idleMilliseconds: Int64 = 75_000
        /// Without progress of a response that the client does not read.
        public var writeMilliseconds: Int64 = 60_000
        /// A client that sends a body or takes a response slower than so many bytes a second is let go; nil: any pace will do.
        public var minBytesPerSecond: Int? = 240
        /// For how long a client may be slower.
        public var paceGraceMilliseconds: Int64 = 30_000
        /// Without a byte in either direction of a tunnel or of a connection that changed its protocol.
        public var tunnelMilliseconds: Int64 = 600_000
        /// The defaults.
        public init() {}

        var head: TimeAmount { .milliseconds(headMilliseconds) }
        var body: TimeAmount { .milliseconds(bodyMilliseconds) }
        var idle: TimeAmount { .milliseconds(idleMilliseconds) }
        var write: TimeAmount { .milliseconds(writeMilliseconds) }
        var pace: Pace { Pace(least: minBytesPerSecond, grace: .milliseconds(paceGraceMilliseconds)) }
        var tunnel: TimeAmount { .milliseconds(tunnelMilliseconds) }
    }

    /// The origin.
    public struct Origin: Sendable, Hashable {
        /// `https` rather than `http`.
        public var usesTLS = false
        /// Host name or address.
        public var host: String
        /// Port.
        public var port: Int
        /// The name that the certificate must have, where it is not ``host``.
        public var serverName: String?
        /// In milliseconds.
        public var connectTimeoutMilliseconds: Int64 = 5000
        /// Without a byte from the origin, in milliseconds.
        public var readTimeoutMilliseconds: Int64 = 60_000
        /// For each worker.
        public var maxConnections = 256

        /// What stands in `Host` when the client gave none.
        fileprivate var authorityBytes: [UInt8] {
            let isDefaultPort = port == (usesTLS ? 443 : 80)
            let name = host.contains(":") ? "[\(host)]" : host
            return Array((isDefaultPort ? name : "\(name):\(port)").utf8)
        }

        /// An origin in clear text.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    /// Where clients connect.
    public var listenHost = "127.0.0.1"
    /// Its port; 0 for any free one.
    public var listenPort = 8080
    /// Event loops.
    public var workers = 1
    /// Where responses come from; nil for a forward proxy alone.
    public var origin: Origin? { didSet { defaultHost = origin?.authorityBytes ?? [] } }
    /// The authority that is meant when an HTTP/1.0 client names none.
    private(set) var defaultHost: [UInt8] = []
    /// What makes it a forward proxy too; nil: it is none.
    public var forward: Forward?
    /// Who vouches for the certificates of origins; the system's authorities unless a test says otherwise.
    var trustRoots = NIOSSLTrustRoots.default
    /// This proxy's name in `Via` and `CDN-Loop`, a token that no other proxy on the way has: it tells a request that goes in circles.
    public var name = ProxyConfiguration.uniqueName()
    /// Protocols that an `Upgrade` may ask for, in lower case; others are not passed on.
    public var upgrades = ["websocket"]
    /// Limits on heads.
    public var limits = WireLimits()
    /// Largest request body in bytes.
    public var maxRequestBodyBytes = UInt64.max
    /// Largest response that is stored, in bytes; larger ones are passed on.
    public var maxObjectBytes = 1 << 30
    /// Deadlines.
    public var timeouts = Timeouts()
    /// How requests share a fetch.
    public struct Collapsing: Sendable {
        /// Bytes of a response under way that are kept for those who join late; of a longer one the beginning is let go.
        public var keptBytes = 8 << 20
        /// Such bytes of all responses together.
        public var maxKeptBytes = 128 << 20
        /// For how long requests do not wait for each other after a response that could not be shared; 0 is never.
        public var passSeconds: Int64 = 60
        /// The defaults.
        public init() {}
    }

    /// What sites are served and how; nil without any rule.
    public var rules: RuleSet?
    /// Origins that rules choose by name.
    public var namedOrigins: [String: Origin] = [:]
    /// How targets are made equal, for keys, purges and what the origin is asked for.
    public var keyRules = CacheKeyRules()
    /// Who may use `PURGE`.
    public var purgers: [AddressRange] = ["127.0.0.0/8", "::1"].compactMap { AddressRange($0) }
    /// Whether `Cache-Status` tells the key (RFC 9211 §2.7).
    public var showsKey = false
    /// Whether what clients say about who is behind them (`Forwarded`, `X-Forwarded-*`) goes on: only behind a proxy of one's own.
    public var trustsForwarded = false
    /// Whether the requests for some of the objects are kept for ``ProxyServer/requestSample()``: 4 MiB at most, and 32 KiB for each worker.
    public var samplesRequests = true
    /// How requests share a fetch.
    public var collapsing = Collapsing()
    /// For how long the origin is not asked again about a response that was served because it failed, in milliseconds; 0: it is asked each time.
    public var errorBackoffMilliseconds: Int64 = 1000
    /// The operator's caching decisions.
    public var caching = CachingPolicy()

    /// A configuration with the defaults. Without an origin it needs a ``forward``.
    public init(origin: Origin?) {
        self.origin = origin
        defaultHost = origin?.authorityBytes ?? []
    }

    /// A name that no other process has.
    public static func uniqueName() -> String { "gyre-" + String(UInt64.random(in: 0 ... .max), radix: 36) }

    /// Whether keys may have parts besides their URLs.
    var keysHaveParts: Bool { keepsForwardApart || rules?.addsKeyParts ?? false }

    /// Origin and forward proxy have keys of their own, when there are both: what a client says in `Host` is no proof that it comes from there.
    var keepsForwardApart: Bool { forward != nil && origin != nil }

    func clientTLS() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = trustRoots
        return try NIOSSLContext(configuration: configuration)
    }

    func upstreamSettings(_ origin: Origin) throws -> UpstreamSettings {
        var settings = UpstreamSettings(host: origin.host, port: origin.port)
        settings.connectTimeoutMilliseconds = origin.connectTimeoutMilliseconds
        settings.readTimeoutMilliseconds = origin.readTimeoutMilliseconds
        settings.maxConnections = origin.maxConnections
        if origin.usesTLS {
            settings.tls = try clientTLS()
            // An address cannot be a server name (RFC 6066 §3).
            let isAddress = (try? SocketAddress(ipAddress: origin.host, port: origin.port)) != nil
            settings.tlsServerName = origin.serverName ?? (isAddress ? nil : origin.host)
        }
        return settings
    }
}
