// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a purge is about.
///
/// Purges are epochs: each gets a serial, and an object that matches and was stored before it is gone (or stale). Nothing is searched
/// for, so a purge costs the same for ten objects and ten million.
public enum PurgeScope: Hashable, Sendable {
    /// The object with exactly this key.
    case key(StoreKey)
    /// Every object that was stored with this tag.
    case tag([UInt8])
    /// Every object whose key begins with these bytes. The store compares bytes and knows nothing of URLs: the layer above forms its keys
    /// so that what it wants to purge together is a prefix, and normalises keys and prefixes alike. An empty prefix is ``everything``;
    /// When prefixes of many lengths are in use a new one may be shortened: that purges more, never less.
    case prefix([UInt8])
    /// Every object there is.
    case everything
}

/// What becomes of the objects a purge matches.
public enum PurgeMode: String, Hashable, Sendable, CaseIterable {
    /// They are gone: no lookup finds them again.
    case hard
    /// They are stale: found, and marked so that the layer above validates them before use.
    case soft
}

/// How a purge ended. It takes effect on lookups at once and whatever the outcome, unless it was refused.
public enum PurgeOutcome: String, Hashable, Sendable {
    /// On every volume that is online: it holds whatever crashes.
    case durable
    /// The store has memory alone; there is nothing that could come back.
    case memoryOnly = "memory-only"
    /// The store has volumes and none could take it. It holds while the process lives; after a restart the objects may be back.
    case notDurable = "not-durable"
    /// Too many purges wait for the disk, or the store is closing. Nothing was done: ask again.
    case refused
}

/// What the purges so far say about one object.
package enum PurgeVerdict: String, Hashable, Sendable {
    /// No purge since it was stored matches it.
    case current
    /// Only soft ones do.
    case stale
    /// A hard one does: it must not be served.
    case gone
}
