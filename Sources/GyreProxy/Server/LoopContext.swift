// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// What the connections of one event loop share. Touched on that loop only.
final class LoopContext {
    let loop: any EventLoop
    let store: CyclicStore
    private(set) var configuration: ProxyConfiguration
    let upstream: DestinationPools
    let counters: LoopCounters
    let flushes: LoopFlushes
    var spares = SpareBuffers()
    /// For bytes that are put together and copied at once.
    var scratch: [UInt8] = []
    let fieldReader = FieldReader()
    private var random = SeededRandom(seed: .random(in: 0 ... .max))
    private let accessLog: AccessLogBuffer
    /// Nil: nobody could ask for a sample.
    private let sampler: LoopSampler?
    private var connections: [ObjectIdentifier: ClientConnection] = [:]
    private(set) var isDraining = false
    private var drained: [EventLoopPromise<Void>] = []
    private let shared: ProxyShared
    var fills: FillTable { shared.fills }
    var markers: MarkerTable { shared.markers }
    var passing: PassMemory { shared.passing }
    var outages: OutageMemory { shared.outages }
    var purging: Purging { shared.purging }
    var forward: ForwardServices? { shared.forward }

    init(
        loop: any EventLoop,
        store: CyclicStore,
        configuration: ProxyConfiguration,
        shared: ProxyShared,
        poolSettings: PoolSettings,
        counters: LoopCounters,
        accessLog: AccessLogBuffer,
        sampler: LoopSampler?
    ) {
        self.loop = loop
        self.store = store
        self.configuration = configuration
        self.shared = shared
        self.counters = counters
        self.accessLog = accessLog
        self.sampler = sampler
        dialer = poolSettings.dialer
        viaValues = ["1.0 " + configuration.name, "1.1 " + configuration.name]
        flushes = LoopFlushes(loop: loop)
        upstream = DestinationPools(loop: loop, settings: poolSettings, flushes: flushes)
    }

    /// What `Via` says of this proxy, by the minor version of the message that came.
    let viaValues: [String]
    /// What this proxy adds to a request's fields. Most requests in a row are for one host, and of clients behind one address or of one client.
    func ownLines(for request: ClientRequest) -> [UInt8] {
        let isSame =
            lastLines.minorVersion == request.minorVersion && lastLines.isForward == request.isForward
            && lastLines.clientAddress == request.clientAddress && lastLines.host == request.host
        if !isSame {
            lastLines = OwnLines(
                minorVersion: request.minorVersion,
                isForward: request.isForward,
                clientAddress: request.clientAddress,
                host: request.host,
                bytes: ForwardedFields.ownLines(
                    minorVersion: request.minorVersion,
                    name: configuration.name,
                    facts: ForwardedFields.facts(request)
                )
            )
        }
        return lastLines.bytes
    }

    private var lastLines = OwnLines()

    private struct OwnLines {
        var minorVersion: UInt8 = .max
        var isForward = false
        var clientAddress = ""
        var host: [UInt8] = []
        var bytes: [UInt8] = []
    }

    /// For tunnels; nil when this is no forward proxy.
    let dialer: Dialer?

    var now: NIODeadline { .now() }

    /// From 0 up to, not including, 1: for lifetimes that must not all end at once.
    func jitter() -> Double { .random(in: 0..<1, using: &random) }

    /// The time of a request to the origin that is sent now.
    func requestTime() -> Timestamp { purging.marks.requestTime(now: Clock.timestamp()) }

    /// New rules and origins hold for requests that begin from now on.
    func reload(rules: RuleSet?, origins: ProxyServer.NewOrigins?, forgetsCredentials: Bool) {
        configuration.rules = rules
        if let origins {
            configuration.origin = origins.main
            configuration.namedOrigins = origins.named
            upstream.replace(origins.changed, now: now)
        }
        guard forgetsCredentials else { return }
        for connection in connections.values { connection.knownCredentials = nil }
    }

    // MARK: Connections

    func opened(_ connection: ClientConnection) {
        connections[ObjectIdentifier(connection)] = connection
        counters.connectionOpened()
        if isDraining { connection.close() }
    }

    func closed(_ connection: ClientConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counters.connectionClosed()
        tellIfDrained()
    }

    /// Looks at every deadline. Called about once a second: one timer for all connections.
    func sweep() {
        let now = now
        for connection in connections.values { connection.sweep(now: now) }
        upstream.sweep(now: now)
        accessLog.flush()
        flushSample()
    }

    /// Closes idle connections now and the others after their answer. The future is done when none is left.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        let promise = loop.makePromise(of: Void.self)
        drained.append(promise)
        for connection in connections.values { connection.drain() }
        tellIfDrained()
        return promise.futureResult
    }

    func closeAll() {
        for connection in connections.values { connection.close() }
        upstream.close()
        accessLog.flush()
    }

    private func tellIfDrained() {
        guard isDraining, connections.isEmpty else { return }
        let promises = drained
        drained = []
        for promise in promises { promise.succeed() }
    }

    /// Hands the sampled requests over.
    func flushSample() { sampler?.flush(at: Clock.timestamp()) }

    // MARK: Log and counters

    private static let hitWord = LogWord("hit")
    private static let none = LogWord("-")
    private static let refused = LogWord("refused")

    /// A plain hit: nothing is copied but into the log.
    func log(
        _ head: borrowing RequestHead,
        in bytes: UnsafeRawBufferPointer,
        clientAddress: String,
        status: Int,
        bytes bodyBytes: Int,
        keyHash: KeyHash,
        from tier: CyclicStore.Tier,
        at now: Timestamp,
        startedAt: NIODeadline
    ) {
        let micros = microseconds(since: startedAt)
        counters.countRequest(tier == .memory ? .hitMemory : .hitDisk, durationMicroseconds: micros, bodyBytes: bodyBytes)
        sampler?.count(keyHash, bytes: bodyBytes, at: now)
        var address = clientAddress
        address.withUTF8 { address in
            var entry = AccessLogEntry()
            entry.clientAddress = UnsafeRawBufferPointer(address)
            entry.method = head.methodName.bytes(in: bytes)
            entry.target = head.target.bytes(in: bytes)
            entry.host = head.hostSlice.bytes(in: bytes)
            if let referer = head.fields.firstValue(of: .referer) { entry.referer = referer.bytes(in: bytes) }
            if let agent = head.fields.firstValue(of: .userAgent) { entry.userAgent = agent.bytes(in: bytes) }
            entry.cacheWord = Self.hitWord.bytes
            entry.reasonWord = Self.none.bytes
            entry.httpMinorVersion = head.minorVersion
            entry.status = status
            entry.bodyBytesSent = bodyBytes
            entry.servedFrom = tier == .memory ? .memory : .disk
            entry.durationMicroseconds = micros
            entry.timestampMilliseconds = now.milliseconds
            accessLog.append(entry)
        }
    }

    func log(_ record: RequestRecord) {
        let micros = microseconds(since: record.request.startedAt)
        counters.countRequest(record.result, durationMicroseconds: micros, bodyBytes: record.bodyBytesSent)
        let now = Clock.timestamp()
        sampler?.count(record, at: now)
        let request = record.request
        withBytes(request.clientAddress, request.methodName, record.cacheWord, record.outcome.detail ?? "-") {
            address,
            method,
            word,
            reason in
            withBytes(request.fields.firstValue("referer"), request.fields.firstValue("user-agent"), "", "") { referer, agent, _, _ in
                request.target.withUnsafeBytes { target in
                    request.host.withUnsafeBytes { host in
                        var entry = AccessLogEntry()
                        entry.clientAddress = address
                        entry.method = method
                        entry.target = target
                        entry.host = host
                        entry.referer = referer
                        entry.userAgent = agent
                        entry.cacheWord = word
                        entry.reasonWord = reason
                        entry.httpMinorVersion = request.minorVersion
                        entry.status = record.status
                        entry.bodyBytesSent = record.bodyBytesSent
                        entry.servedFrom = record.servedFrom
                        entry.durationMicroseconds = micros
                        entry.originDurationMicroseconds = record.originMicroseconds
                        entry.timestampMilliseconds = now.milliseconds
                        accessLog.append(entry)
                    }
                }
            }
        }
    }

    /// A request that could not even be parsed.
    func logRefusal(clientAddress: String, status: Int, reason: String) {
        counters.countRequest(.error, durationMicroseconds: 0, bodyBytes: 0)
        withBytes(clientAddress, reason, "", "") { address, reason, _, _ in
            var entry = AccessLogEntry()
            entry.clientAddress = address
            entry.cacheWord = Self.refused.bytes
            entry.reasonWord = reason
            entry.status = status
            entry.timestampMilliseconds = Clock.timestamp().milliseconds
            accessLog.append(entry)
        }
    }

    func microseconds(since start: NIODeadline) -> Int {
        Int((NIODeadline.now() - start).nanoseconds / 1000)
    }
}

private typealias Bytes = UnsafeRawBufferPointer

/// The bytes of texts where they lie.
private func withBytes(_ a: String, _ b: String, _ c: String, _ d: String, _ body: (Bytes, Bytes, Bytes, Bytes) -> Void) {
    var (a, b, c, d) = (a, b, c, d)
    a.withUTF8 { a in b.withUTF8 { b in c.withUTF8 { c in d.withUTF8 { d in body(Bytes(a), Bytes(b), Bytes(c), Bytes(d)) } } } }
}

extension HTTPFields {
    /// The value of the first line of a field; empty where there is none.
    fileprivate func firstValue(_ canonicalName: String) -> String {
        indices.first { self.canonicalName($0) == canonicalName }.map { self[$0].value } ?? ""
    }
}
