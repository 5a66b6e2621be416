// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Raw bytes between a client and an origin: after `CONNECT` (RFC 9110 §9.3.6) or a 101 (§7.8). The shell around ``TunnelState``.
///
/// At most what the two connections hold for writing is in memory: a side is read only while the other one can take more.
final class Tunnel {
    private var state = TunnelState()
    private var client: ClientConnection?
    private var peer: TunnelPeer?
    private var lastProgress = NIODeadline.now()
    private let idle: TimeAmount
    private let counters: (TunnelState.Side, Int) -> Void
    private var ended: ((TunnelState.End, _ toClient: Int) -> Void)?

    /// - Parameters:
    ///   - idle: For how long nothing may move in either direction.
    ///   - count: Told of each piece that has come, and from where.
    ///   - ended: Told once, when the tunnel is over.
    init(
        client: ClientConnection,
        peer: TunnelPeer,
        idle: TimeAmount,
        count: @escaping (TunnelState.Side, Int) -> Void,
        ended: @escaping (TunnelState.End, Int) -> Void
    ) {
        self.client = client
        self.peer = peer
        self.idle = idle
        counters = count
        self.ended = ended
    }

    func reads(_ side: TunnelState.Side) -> Bool {
        state.reads(side, otherIsWritable: side == .client ? peer?.isWritable ?? false : client?.isWritable ?? false)
    }

    func received(_ bytes: ByteBuffer, from side: TunnelState.Side) {
        guard bytes.readableBytes > 0, state.received(bytes.readableBytes, from: side) else { return }
        lastProgress = .now()
        counters(side, bytes.readableBytes)
        if side == .client { peer?.write(bytes) } else { client?.write(bytes) }
    }

    func becameWritable(_ side: TunnelState.Side) {
        lastProgress = .now()
        if side == .client { peer?.readMore() } else { client?.readMore() }
    }

    func inputEnded(_ side: TunnelState.Side) { perform(state.inputEnded(side)) }

    func closed(_ side: TunnelState.Side) {
        if side == .client { client = nil } else { peer = nil }
        perform(state.closed(side))
    }

    /// Ends it whatever is under way.
    func stop() { perform(state.stop(.stopped)) }

    /// Looks at the deadline.
    func sweep(now: NIODeadline) {
        guard now > lastProgress + idle else { return }
        perform(state.stop(.idle))
    }

    private func perform(_ action: TunnelState.Action) {
        switch action {
        case .none: break
        case .halfClose(.client): client?.finishOutput(closes: false)
        case .halfClose(.origin): peer?.finishOutput(closes: false)
        case .close(let end):
            let (client, peer, ended) = (client, peer, ended)
            self.client = nil
            self.peer = nil
            self.ended = nil
            ended?(end, state.originBytes)
            // Who has taken too long to read does not get the rest.
            if end == .idle || end == .stopped {
                client?.close()
                peer?.close()
            } else {
                client?.finishOutput(closes: true)
                peer?.finishOutput(closes: true)
            }
        }
    }
}
