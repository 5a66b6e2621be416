// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a record was not taken by the store. Reasons have stable short names for logs and metrics.
public enum RefusedWrite: String, Error, Sendable, CaseIterable {
    /// Larger than a stripe can hold: it must come in fragments.
    case tooLarge = "too-large"
    /// The key's form is kept for fragments and this is none, or the other way round.
    case wrongKind = "wrong-kind"
    /// Every membuf is full and on its way to the disk. The caller goes on without the store.
    case noMembuf = "no-membuf"
    /// The next stripe is still being reclaimed or read.
    case noCleanStripe = "no-clean-stripe"
    /// The volume failed and was set aside.
    case volumeOffline = "volume-offline"
    /// The write budget is used up for the moment.
    case overBudget = "over-budget"
    /// The admission keeps it off the disk: see ``Replacement``.
    case notAdmitted = "not-admitted"
    /// A purge matched it while it was being brought.
    case purged
    /// The store is closed.
    case closed
}

/// Why a record was not read.
public enum MissReason: String, Error, Sendable, CaseIterable {
    /// It is not in the index.
    case absent
    /// The index pointed at another key's record.
    case otherKey = "other-key"
    /// The record's bytes failed a check; its entry is gone now.
    case damaged
    /// The disk refused; its entry is gone now.
    case readError = "read-error"
    /// A purge matches it.
    case purged
    /// Too many reads wait already.
    case busy
    /// The volume failed and was set aside.
    case volumeOffline = "volume-offline"
}

/// Counters of a volume since it was opened.
public struct VolumeStatistics: Sendable, Hashable {
    /// Records written into membufs.
    public var recordsWritten = 0
    /// Their bytes: header, key, metadata and payload.
    public var recordBytesWritten = 0
    /// Stripes written to the device.
    public var stripesWritten = 0
    /// Bytes written to the device.
    public var deviceBytesWritten = 0
    /// Stripe writes that failed.
    public var writeErrors = 0
    /// Records read from the device.
    public var deviceReads = 0
    /// Bytes read from the device for records.
    public var deviceBytesRead = 0
    /// Records served from a membuf.
    public var membufReads = 0
    /// Reads answered on the caller's thread, from the page cache.
    public var readsWithoutHop = 0
    /// Reads that failed on the device.
    public var readErrors = 0
    /// Records whose checks failed.
    public var damagedRecords = 0
    /// Index matches that were another key.
    public var falseMatches = 0
    /// Stripes reclaimed.
    public var stripesReclaimed = 0
    /// Records dropped at reclaim.
    public var recordsReclaimed = 0
    /// Records carried forward.
    public var recordsRelocated = 0
    /// Their bytes.
    public var recordBytesRelocated = 0
    /// Records that were worth carrying forward and were not: no room, no time, or replaced meanwhile.
    public var relocationsDropped = 0
    /// Stripes that stayed in place when the turn came to them.
    public var stripesKept = 0
    /// Hot stripes that gave way to hotter ones.
    public var hotStripesReplaced = 0
    /// Records refused, by reason.
    public var writesRefused: [RefusedWrite: Int] = [:]
    /// Removals.
    public var removals = 0
    /// Stripes whose header, footer and checksums did not agree when the volume was opened.
    public var damagedStripes = 0
    /// Records in the index.
    public var records = 0
    /// Bytes of memory of index and stripe table.
    public var indexBytes = 0
    /// Stripes with records on disk.
    public var liveStripes = 0
    /// How often records were used that have left.
    package var reuse = ReuseStatistics()
    /// Stripes in all.
    public var stripes = 0
    /// Stripes that stand outside the turn.
    public var hotStripes = 0
    /// Keys whose dead records on disk are watched so that they do not come back.
    public var watchedRecords = 0
    /// The volume has been set aside.
    public var isOffline = false
    /// The index is being made again: what it does not know yet is a miss.
    public var isRebuilding = false
    /// Reads that this takes, about; 0 when it is not being made.
    public var rebuildPieces = 0
    /// Those that are left.
    public var rebuildPiecesLeft = 0
}
