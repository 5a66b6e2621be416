// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore
import NIOPosix

/// A tunnel that is being opened: whoever gives up lets go of it.
final class TunnelDial {
    let exchange: Exchange
    init(exchange: Exchange) { self.exchange = exchange }
}

extension Exchange {
    /// `CONNECT` (RFC 9110 §9.3.6): connects to the destination, then passes bytes.
    func makeTunnel() {
        guard let destination = request.destination, let dialer = proxy.dialer, let forward = proxy.configuration.forward else {
            return refuse(.connect)
        }
        phase = .fetching
        result = .bypass
        outcome.forward = .bypass
        let peer = TunnelPeer()
        let dial = TunnelDial(exchange: self)
        self.dial = dial
        let bound = NIOLoopBound((dial, peer), eventLoop: proxy.loop)
        let bootstrap = ClientBootstrap(group: proxy.loop)
            .connectTimeout(.milliseconds(forward.connectTimeoutMilliseconds))
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value.1) }
            }
        let limit = TimeAmount.milliseconds(forward.connectTimeoutMilliseconds)
        dialer.connect(bootstrap, host: destination.host, port: destination.port, within: limit, on: proxy.loop).whenComplete { result in
            let (dial, peer) = bound.value
            dial.exchange.dialled(dial, peer, result.map { _ in })
        }
    }

    private func dialled(_ dial: TunnelDial, _ peer: TunnelPeer, _ result: Result<Void, any Error>) {
        guard self.dial === dial, phase == .fetching, let connection else { return peer.close() }
        self.dial = nil
        switch result {
        case .failure(let error):
            let failure = UpstreamFailure(connecting: error)
            proxy.counters.countOriginError(failure.rawValue)
            fail(status: failure.status, reason: failure.rawValue)
        case .success:
            originMicroseconds = proxy.microseconds(since: request.startedAt)
            status = 200
            headIsSent = true
            // A 2xx to CONNECT has neither length nor coding (RFC 9110 §9.3.6).
            connection.write(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"))
            beginTunnel(peer, over: connection)
        }
    }

    /// Passes on a request to change the protocol (RFC 9110 §7.8). It is never answered from the cache, and its answer is never stored.
    func changeProtocol(_ upgrades: [String]) {
        outcome.forward = .bypass
        outcome.detail = "upgrade"
        result = .bypass
        var fields = ForwardedFields.request(request, fields: request.fields, proxy)
        // One line each: an option of one hop, made anew for the next.
        fields.fields[.connection] = (fields.fields[.connection].map { $0 + ", " } ?? "") + "Upgrade"
        fields.fields.append(HTTPField(name: .upgrade, value: upgrades.joined(separator: ", ")))
        send(
            fields: fields,
            method: request.method,
            methodName: request.methodName,
            framing: request.framing,
            upgrades: upgrades,
            PassThrough(exchange: self)
        )
    }

    /// The origin has agreed: 101 goes to the client, then bytes both ways.
    func switched(_ response: UpstreamResponse, _ peer: TunnelPeer) {
        call = nil
        guard phase == .fetching, let connection else { return peer.close() }
        originMicroseconds = proxy.microseconds(since: request.startedAt)
        status = 101
        headIsSent = true
        var fields = HopByHop.endToEnd(response.fields, direction: .response)
        fields[.connection] = "Upgrade"
        fields[.upgrade] = response.fields[.upgrade]
        var buffer = ByteBuffer()
        ResponseHeadWriter.writeStatusLine(101, to: &buffer)
        ResponseHeadWriter.write(fields, to: &buffer)
        buffer.writeStaticString("\r\n")
        connection.write(buffer)
        beginTunnel(peer, over: connection)
    }

    private func beginTunnel(_ peer: TunnelPeer, over connection: ClientConnection) {
        phase = .serving
        result = .tunnel
        let counters = proxy.counters
        counters.tunnelOpened()
        let tunnel = Tunnel(
            client: connection,
            peer: peer,
            idle: proxy.configuration.timeouts.tunnel,
            count: { side, bytes in counters.countTunnel(bytes: bytes, toClient: side == .origin) },
            ended: { [self] end, bytes in
                counters.tunnelClosed()
                bodyBytesSent = bytes
                outcome.detail = end.rawValue
                finish()
            }
        )
        connection.become(tunnel)
        peer.begin(tunnel)
    }
}
