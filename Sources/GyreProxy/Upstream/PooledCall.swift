// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import NIOCore

/// A request in the pool: waiting for a connection, on one, or on its second after the first turned out to be dead.
final class PooledCall: UpstreamCall {
    let request: UpstreamRequest
    private weak var pool: UpstreamPool?
    private(set) var receiver: (any UpstreamReceiver)?
    private weak var connection: UpstreamConnection?
    private(set) var isCancelled = false
    private(set) var reads = true
    private var wasRepeated = false

    init(pool: UpstreamPool, request: UpstreamRequest, receiver: any UpstreamReceiver) {
        self.pool = pool
        self.request = request
        self.receiver = receiver
    }

    func attach(_ connection: UpstreamConnection) { self.connection = connection }

    func send(_ bytes: ByteBuffer) { connection?.send(bytes) }
    func finish(trailers: HTTPFields) { connection?.finish(trailers: trailers) }

    func setReading(_ reads: Bool) {
        guard reads != self.reads else { return }
        self.reads = reads
        if reads { connection?.readMore() }
    }

    func detach() {
        receiver = nil
        setReading(true)
    }

    func cancel() {
        guard !isCancelled else { return }
        isCancelled = true
        receiver = nil
        connection?.abandon()
        connection = nil
    }

    func fail(_ failure: UpstreamFailure) {
        connection = nil
        let receiver = receiver
        self.receiver = nil
        receiver?.upstreamFailed(failure)
    }

    func switched(_ response: UpstreamResponse, _ peer: TunnelPeer) {
        connection = nil
        guard let receiver else { return peer.close() }
        self.receiver = nil
        receiver.upstreamSwitched(response, peer)
    }

    func end(trailers: HTTPFields) {
        connection = nil
        let receiver = receiver
        self.receiver = nil
        receiver?.upstreamEnded(trailers: trailers)
    }

    /// The connection died before a byte came back. A kept-alive one may have been closed by the origin in the same moment (RFC 9112 §9.3.1):
    /// then a repeatable request goes out once more, on a new connection.
    func lostConnection(wasReused: Bool, _ failure: UpstreamFailure) {
        guard wasReused, request.isRepeatable, !wasRepeated, !isCancelled, let pool else { return fail(failure) }
        wasRepeated = true
        connection = nil
        pool.dispatch(self, reusing: false)
    }
}
