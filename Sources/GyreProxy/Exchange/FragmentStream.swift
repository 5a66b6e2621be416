// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPTypes
import NIOCore

/// Sends a range of a large stored body fragment by fragment, one read ahead of the client. Memory: two fragments.
final class FragmentStream {
    private let exchange: Exchange
    private let map: FragmentMap
    private var position: UInt64
    private let end: UInt64
    /// The fragment that was read ahead.
    private var ahead: (index: Int, fragment: CachedFragment)?
    private var reading: Int?
    private var isPumping = false
    private var isOver = false

    private let onEnd: () -> Void
    private let onLost: (UInt64) -> Void

    /// The whole of an answer's body: ends the answer, and has the origin send the rest when a fragment is lost.
    convenience init(exchange: Exchange, map: FragmentMap, range: Range<UInt64>) {
        self.init(
            exchange: exchange,
            map: map,
            range: range,
            onEnd: {
                exchange.sendEnd(trailers: HTTPFields())
                exchange.finish()
            },
            onLost: { exchange.fetchRest(from: $0, to: range.upperBound) }
        )
    }

    /// - Parameter onLost: Given the position of the first byte that could not be had.
    init(
        exchange: Exchange,
        map: FragmentMap,
        range: Range<UInt64>,
        onEnd: @escaping () -> Void,
        onLost: @escaping (UInt64) -> Void
    ) {
        self.exchange = exchange
        self.map = map
        self.onEnd = onEnd
        self.onLost = onLost
        position = range.lowerBound
        end = range.upperBound
    }

    func start() { pump() }

    func cancel() { isOver = true }

    func clientWritabilityChanged(_ isWritable: Bool) {
        if isWritable { pump() }
    }

    private var current: Int { Int(position / UInt64(map.fragmentBytes)) }

    private func pump() {
        guard !isPumping, !isOver else { return }
        isPumping = true
        defer { isPumping = false }
        while !isOver, position < end {
            if ahead?.index != current {
                read(current)
                guard ahead?.index == current else { return }
            }
            guard exchange.clientIsWritable, let (index, fragment) = ahead else { return }
            send(fragment, index)
            ahead = nil
            if position < end { read(current) }
        }
        guard !isOver, position >= end else { return }
        isOver = true
        onEnd()
    }

    private func send(_ fragment: CachedFragment, _ index: Int) {
        let holds = map.range(of: index)
        let from = Int(position - holds.lowerBound)
        let to = Int(min(end, holds.upperBound) - holds.lowerBound)
        guard let piece = fragment.body.getSlice(at: fragment.body.readerIndex + from, length: to - from) else { return lost() }
        position = holds.lowerBound + UInt64(to)
        exchange.sendBody(piece)
    }

    private func read(_ index: Int) {
        guard reading != index, !isOver else { return }
        reading = index
        exchange.get(exchange.proxy.store.key(map.keyBytes(of: index))) { [self] _, found, _ in
            reading = nil
            guard !isOver else { return }
            guard let fragment = found as? CachedFragment, fragment.body.readableBytes == map.range(of: index).count else {
                // Only a fragment that is needed now is a loss; one read ahead is tried again in its turn.
                if index == current { lost() }
                return
            }
            ahead = (index, fragment)
            pump()
        }
    }

    /// The fragment has been overwritten since the answer began: the origin gives the rest.
    private func lost() {
        guard !isOver else { return }
        isOver = true
        onLost(position)
    }
}
