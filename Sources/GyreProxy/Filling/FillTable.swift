// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import NIOCore
import Synchronization

/// The fetches that others may join, of all loops: one for each key (RFC 9111 §4, "collapse requests").
///
/// A fill is in the table from before its request goes out until it has ended, in whatever way: ``Fill`` takes itself out on every path
/// that ends it, and its upstream call has deadlines, so no entry can stay.
final class FillTable: Sendable {
    /// What a request becomes.
    enum Entry {
        /// Its own fetch, which others may join.
        case lead(Fill)
        /// One of those who wait for another's fetch.
        case follow(NIOLoopBound<Fill>)
        /// Its own fetch, which nobody joins.
        case alone(Fill)
    }

    private struct Slot {
        var fill: NIOLoopBound<Fill>
        var since: Timestamp
    }

    private let fills = Mutex<[StoreKey: Slot]>([:])
    /// Bytes that fills keep for those who come late, all together.
    private let keptBytes = Atomic<Int>(0)
    private let maxKeptBytes: Int

    init(maxKeptBytes: Int) { self.maxKeptBytes = maxKeptBytes }

    /// - Parameters:
    ///   - mayFollow: The request may be answered by another's fetch.
    ///   - mayLead: Others may be answered by this request's fetch.
    ///   - isCurrent: Whether what was asked for at that time may still be used: no purge has come since.
    func enter(_ key: StoreKey, mayFollow: Bool, mayLead: Bool, isCurrent: (Timestamp) -> Bool, make: () -> Fill) -> Entry {
        fills.withLock { fills in
            if let slot = fills[key], isCurrent(slot.since) { return mayFollow ? .follow(slot.fill) : .alone(make()) }
            let fill = make()
            guard mayLead else { return .alone(fill) }
            fills[key] = Slot(fill: NIOLoopBound(fill, eventLoop: fill.proxy.loop), since: fill.requestTime)
            return .lead(fill)
        }
    }

    /// The fetch under this key, if what it brings may still be used.
    func find(_ key: StoreKey, isCurrent: (Timestamp) -> Bool) -> NIOLoopBound<Fill>? {
        fills.withLock { fills in fills[key].flatMap { isCurrent($0.since) ? $0.fill : nil } }
    }

    /// Takes a fill out; one that another has taken the place of stays.
    func leave(_ key: StoreKey, _ fill: Fill) {
        fills.withLock { fills in
            guard let slot = fills[key], slot.fill.eventLoop.inEventLoop, slot.fill.value === fill else { return }
            fills[key] = nil
        }
    }

    func contains(_ key: StoreKey) -> Bool { fills.withLock { $0[key] != nil } }

    /// What all fills keep for those who come late, in bytes.
    var bytesKept: Int { keptBytes.load(ordering: .relaxed) }

    /// How many fetches are under way that others may join.
    var count: Int { fills.withLock { $0.count } }

    /// Whether so many more bytes may be kept; they are counted when they may.
    func keep(_ bytes: Int) -> Bool {
        let (_, now) = keptBytes.add(bytes, ordering: .relaxed)
        if now <= maxKeptBytes { return true }
        keptBytes.subtract(bytes, ordering: .relaxed)
        return false
    }

    func release(_ bytes: Int) { keptBytes.subtract(bytes, ordering: .relaxed) }
}
