// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Two connections whose bytes go across, as a pure value: an event goes in, what is to be done comes out.
///
/// Each direction ends by itself (half-close); the tunnel is over when both have ended, when a side is gone, or when nothing has moved for too long.
struct TunnelState: Equatable {
    enum Side: Hashable, CaseIterable {
        case client
        case origin

        var other: Side { self == .client ? .origin : .client }
    }

    /// Why a tunnel is over. The raw name stands in the log.
    enum End: String {
        /// Both sides have said that nothing more comes.
        case finished = "tunnel"
        /// A side is gone without having said so.
        case broken = "tunnel-broken"
        case idle = "tunnel-idle"
        case stopped = "tunnel-stopped"
    }

    enum Action: Equatable {
        case none
        /// Tell this side that nothing more comes, when it has everything.
        case halfClose(Side)
        /// Close both sides, when they have everything.
        case close(End)
    }

    private var ended: Set<Side> = []
    private(set) var over: End?
    private(set) var clientBytes = 0
    private(set) var originBytes = 0

    /// Bytes have come from a side; false: nobody can take them any more.
    mutating func received(_ count: Int, from side: Side) -> Bool {
        guard over == nil, !ended.contains(side) else { return false }
        if side == .client { clientBytes += count } else { originBytes += count }
        return true
    }

    /// A side has said that nothing more comes from it.
    mutating func inputEnded(_ side: Side) -> Action {
        guard over == nil, ended.insert(side).inserted else { return .none }
        return ended.contains(side.other) ? finish(.finished) : .halfClose(side.other)
    }

    /// A side is gone.
    mutating func closed(_ side: Side) -> Action {
        guard over == nil else { return .none }
        // When one side has ended in order, the system may report the end of the other as a hang-up alone.
        return finish(ended.isEmpty ? .broken : .finished)
    }

    mutating func stop(_ end: End) -> Action { over == nil ? finish(end) : .none }

    /// Whether more is to be read from a side: only while the other one can take it. That is the backpressure.
    func reads(_ side: Side, otherIsWritable: Bool) -> Bool { over == nil && !ended.contains(side) && otherIsWritable }

    private mutating func finish(_ end: End) -> Action {
        over = end
        return .close(end)
    }
}
