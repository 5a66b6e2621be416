// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one event loop to one origin. Idle ones are used again, the latest first; above the limit requests wait in line.
final class UpstreamPool: Upstream {
    let loop: any EventLoop
    let settings: UpstreamSettings
    let flushes: LoopFlushes
    private var idle: [UpstreamConnection] = []
    private var openCount = 0
    private var waiting: CircularBuffer<PooledCall> = []
    private var isClosed = false
    private var isRetired = false

    init(loop: any EventLoop, settings: UpstreamSettings, flushes: LoopFlushes) {
        self.loop = loop
        self.settings = settings
        self.flushes = flushes
    }

    var spares = SpareBuffers()
    let fieldReader = FieldReader()

    func start(_ request: UpstreamRequest, _ receiver: any UpstreamReceiver) -> any UpstreamCall {
        let call = PooledCall(pool: self, request: request, receiver: receiver)
        dispatch(call, reusing: true)
        return call
    }

    func dispatch(_ call: PooledCall, reusing: Bool) {
        guard !isClosed else { return call.fail(.cancelled) }
        while reusing, let connection = idle.popLast() {
            if connection.isUsable {
                connection.begin(call)
                return
            }
        }
        guard openCount < settings.maxConnections else {
            guard waiting.count < settings.maxWaiting else { return call.fail(.tooManyWaiting) }
            waiting.append(call)
            return
        }
        connect(call)
    }

    private func connect(_ call: PooledCall) {
        openCount += 1
        let settings = self.settings
        let connection = UpstreamConnection(pool: self)
        let bound = NIOLoopBound((self, connection, call), eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(settings.connectTimeoutMilliseconds))
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 131_072))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls = settings.tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: settings.tlsServerName)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value.1)
                }
            }
        let opened =
            settings.dialer?.connect(
                bootstrap,
                host: settings.host,
                port: settings.port,
                within: .milliseconds(settings.connectTimeoutMilliseconds),
                on: loop
            )
            ?? bootstrap.connect(host: settings.host, port: settings.port)
        opened.whenComplete { result in
            let (pool, connection, call) = bound.value
            switch result {
            case .success:
                if call.isCancelled { connection.close() } else { connection.begin(call) }
            case .failure(let error):
                pool.openCount -= 1
                call.fail(UpstreamFailure(connecting: error))
                pool.serveNext()
            }
        }
    }

    /// Nothing is under way.
    var isQuiet: Bool { openCount == idle.count && waiting.isEmpty }
    /// There is not even an idle connection.
    var isEmpty: Bool { openCount == 0 && waiting.isEmpty }

    /// A connection has finished its request and can take another.
    func becameIdle(_ connection: UpstreamConnection) {
        while let call = waiting.popFirst() {
            if call.isCancelled { continue }
            connection.begin(call)
            return
        }
        if isClosed || isRetired || idle.count >= settings.maxIdle { connection.close() } else { idle.append(connection) }
    }

    /// A connection that had been opened is gone, or speaks another protocol now: it belongs to its one client, and takes no place from requests.
    func wentAway(_ connection: UpstreamConnection) {
        openCount -= 1
        idle.removeAll { $0 === connection }
        serveNext()
    }

    private func serveNext() {
        while openCount < settings.maxConnections, let call = waiting.popFirst() {
            if call.isCancelled { continue }
            connect(call)
            return
        }
    }

    /// Closes connections that have been idle for too long, and fails reads that took too long. Called about once a second.
    func sweep(now: NIODeadline) {
        for connection in idle where now >= connection.idleSince + .milliseconds(settings.idleTimeoutMilliseconds) { connection.close() }
    }

    /// No new request comes any more: those that are here are finished, and no connection is kept behind them.
    func retire() {
        isRetired = true
        for connection in idle { connection.close() }
    }

    func close() {
        isClosed = true
        for connection in idle { connection.close() }
        while let call = waiting.popFirst() { call.fail(.cancelled) }
    }
}

extension UpstreamFailure {
    /// Why a connection could not be opened.
    init(connecting error: any Error) {
        if let failure = error as? UpstreamFailure {
            self = failure
        } else {
            self = error is ChannelError ? .connectTimeout : .connect
        }
    }
}

/// What a pool needs to know of its origin.
struct UpstreamSettings: Sendable {
    var host: String
    var port: Int
    /// For hosts that clients name: it judges addresses.
    var dialer: Dialer?
    var tls: NIOSSLContext?
    var tlsServerName: String?
    var connectTimeoutMilliseconds: Int64 = 5000
    var readTimeoutMilliseconds: Int64 = 60_000
    var idleTimeoutMilliseconds: Int64 = 55_000
    var maxConnections = 256
    var maxIdle = 128
    var maxWaiting = 1024
    var limits = WireLimits(maxHeadBytes: 262_144, maxFieldCount: 256)
}
