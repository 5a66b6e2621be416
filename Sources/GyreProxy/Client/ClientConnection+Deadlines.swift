// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import NIOCore

/// Deadlines on what a client can delay.
extension ClientConnection {
    /// Called about once a second.
    func sweep(now: NIODeadline) {
        let limits = proxy.configuration.timeouts
        let held = heldBytes
        noteDrained(held: held, now: now)
        switch phase {
        case .idle:
            if let headStartedAt, inbound.readableBytes > 0 {
                if now > headStartedAt + limits.head { refuse(status: 408, reason: "header-timeout") }
            } else if held > 0 {
                // The last answer is still on its way.
                if now > lastProgress + limits.write || takesTooSlowly(held: held, now: now) { close() }
            } else if now > lastProgress + limits.idle || proxy.isDraining {
                close()
            }
        case .busy(let exchange):
            if bodyIsWanted, now > lastProgress + limits.body {
                exchange.requestBodyRefused(.bodyTimeout)
            } else if !isWritable, now > lastProgress + limits.write {
                letGo(exchange, "write-timeout")
            } else if sendingPace.isTooSlow(isWaiting: bodyIsWanted, total: bytesIn, now: now) {
                exchange.requestBodyRefused(.pace)
            } else if takesTooSlowly(held: held, now: now) {
                proxy.counters.countRefusal(RequestRefusal.pace.rawValue)
                letGo(exchange, RequestRefusal.pace.rawValue)
            }
        case .tunnel(let tunnel):
            tunnel.sweep(now: now)
        case .closing:
            if now > lastProgress + (isLingering ? .seconds(2) : limits.write) { closeNow() }
        }
    }

    /// No new requests; what is under way is finished.
    func drain() {
        if case .idle = phase, inbound.readableBytes == 0 { closeAfterFlush() }
    }

    /// Bytes that were written and that the system has not taken.
    private var heldBytes: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    /// What the system has taken is progress, also when the connection cannot take more yet.
    private func noteDrained(held: Int, now: NIODeadline) {
        let drained = bytesOut - min(bytesOut, UInt64(held))
        if held > 0, drained > drainedBytes { lastProgress = now }
        drainedBytes = drained
    }

    /// Closes in the middle of an answer, which the exchange is told like any other departure: or its fetch would go on for nobody.
    private func letGo(_ exchange: Exchange, _ reason: String) {
        exchange.outcome.detail = reason
        close()
        exchange.clientWentAway()
    }

    /// Whether the client takes the answer too slowly. What the system has taken counts as read.
    private func takesTooSlowly(held: Int, now: NIODeadline) -> Bool {
        readingPace.isTooSlow(isWaiting: held > 0, total: drainedBytes, now: now)
    }
}
