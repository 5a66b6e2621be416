// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// One end of a tunnel.
extension ClientConnection {
    /// From here on the connection is one end of a tunnel. What the client has sent already goes first.
    func become(_ tunnel: Tunnel) {
        phase = .tunnel(tunnel)
        let early = inbound
        inbound = ByteBuffer()
        tunnel.received(early, from: .client)
        if inputClosed { tunnel.inputEnded(.client) }
        readMore()
    }

    /// Ends the output, or everything, behind what has been written.
    func finishOutput(closes: Bool) {
        guard let context else { return }
        if closes {
            phase = .closing
            lastProgress = proxy.now
        }
        needsFlush = false
        writeGathered()
        let bound = NIOLoopBound(context, eventLoop: proxy.loop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound.value.close(mode: closes ? .all : .output, promise: nil)
        }
    }
}
