// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// An object that has been in memory alone and is on its way to a volume: it has left the queues, or waits for the others of its group.
/// Lookups still find it.
final class Outgoing: Sendable {
    let object: any StoredObject
    /// When it was put, in the store's order. It keeps this number on the volume: purges judge it by it.
    let serial: UInt64
    /// Hits in memory.
    let uses: Int
    /// Its locality group; 0 for none.
    let group: UInt32
    private let cancelled = Atomic<Bool>(false)

    init(_ object: any StoredObject, serial: UInt64, uses: Int, group: UInt32) {
        self.object = object
        self.serial = serial
        self.uses = uses
        self.group = group
    }

    var hash: KeyHash { object.key.hash }

    /// Something newer has come, or it was removed: it must not be written any more.
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}
