// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import Synchronization

/// The markers of URLs whose variants are being fetched, of all loops: fetches at the same time agree on one generation, and each adds to what the
/// others have put.
///
/// An entry is there as long as somebody holds a ``Use`` of it, so no entry can stay.
final class MarkerTable: Sendable {
    private struct Entry {
        var marker: VariantMarker
        /// When the request went out that brought the generation: a purge since then ends it.
        var since: Timestamp
        var users: Int
    }

    /// A fetch's hold on an entry, let go with its last copy.
    final class Use: Sendable {
        /// As it was when the fetch began, with what it varies by.
        let marker: VariantMarker
        private let table: MarkerTable

        fileprivate init(_ marker: VariantMarker, _ table: MarkerTable) {
            self.marker = marker
            self.table = table
        }

        deinit { table.leave(marker) }
    }

    /// A marker is put while its shard is locked: two of one key must not cross, and others should not wait.
    private final class Shard: Sendable {
        let entries = Mutex<[StoreKey: Entry]>([:])
    }

    private static let shardCount = 16
    private let shards = (0..<shardCount).map { _ in Shard() }
    private func shard(_ key: StoreKey) -> Shard { shards[Int(key.hash.low % UInt64(Self.shardCount))] }

    /// How many URLs have variants under way.
    var count: Int { shards.reduce(0) { $0 + $1.entries.withLock { $0.count } } }

    /// - Parameters:
    ///   - vary: What the response that begins varies by.
    ///   - known: What the fetch knows of the URL's variants.
    ///   - since: When its request went out.
    ///   - isCurrent: Whether what was asked for at that time may still be used: no purge has come since.
    ///   - stored: The marker that is there now: another fetch may have begun and ended meanwhile.
    func enter(
        _ key: StoreKey,
        _ vary: Vary,
        known: VariantMarker?,
        since: Timestamp,
        isCurrent: (Timestamp) -> Bool,
        stored: () -> VariantMarker?
    ) -> Use {
        // What was purged on its way is stored where nobody looks, and takes nobody's place.
        guard isCurrent(since) else { return Use(VariantMarker(key: key).adding(vary), self) }
        return shard(key).entries.withLock { entries in
            var new: Entry
            if let found = entries[key], isCurrent(found.since) {
                new = found
            } else {
                // What was purged is not known any more.
                let known = [stored(), known].compactMap { $0 }.first { $0.generation != entries[key]?.marker.generation }
                new = Entry(marker: known ?? VariantMarker(key: key), since: since, users: 0)
            }
            new.users += 1
            new.marker = new.marker.adding(vary)
            entries[key] = new
            return Use(new.marker, self)
        }
    }

    /// Puts what a change makes of the newest marker of a generation, one after the other.
    ///
    /// - Parameters:
    ///   - stored: The marker that is there.
    ///   - put: Called with the changed one, if it is another.
    func update(_ use: Use, stored: () -> VariantMarker?, _ change: (VariantMarker) -> VariantMarker, put: (VariantMarker) -> Void) {
        let key = use.marker.key
        shard(key).entries.withLock { entries in
            let known = stored()
            let newest = [entries[key]?.marker, known].compactMap { $0 }.first { $0.generation == use.marker.generation }
            let updated = change(newest ?? use.marker)
            if entries[key]?.marker.generation == updated.generation { entries[key]?.marker = updated }
            if updated !== known { put(updated) }
        }
    }

    private func leave(_ marker: VariantMarker) {
        shard(marker.key).entries.withLock { entries in
            // After a purge another generation may stand there.
            guard let entry = entries[marker.key], entry.marker.generation == marker.generation else { return }
            if entry.users > 1 { entries[marker.key]?.users -= 1 } else { entries[marker.key] = nil }
        }
    }
}
