// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where the next bytes of a journal go. A pure value: the shell does the writing, and tells it what succeeded.
///
/// Two halves. One is in use: a checkpoint (everything that is remembered), then appends. When it is full a checkpoint is written into the
/// other half and synced, and only then an append behind it makes that half the one in use. What was acknowledged is in the half in use,
/// which nothing overwrites.
///
/// Appended pages are written twice, side by side: one damaged sector does not take a purge back.
struct JournalCycle: Hashable, Sendable {
    static let copies = 2
    /// The least a half can be: a checkpoint of three pages and two appends.
    static let minPagesPerHalf = 7

    let pagesPerHalf: Int
    /// The half in use.
    private(set) var half: Int
    private(set) var epoch: UInt64
    private(set) var checkpointPages = 0
    private(set) var nextPosition = 0
    private(set) var commit: UInt64 = 0
    /// Nothing more may be appended to this half: how it ends is not known.
    private var isSpoilt = true
    private var highestEpoch: UInt64

    /// Begins with a checkpoint into the half that is not in use, whatever comes first: how an earlier run's half ends is not known.
    init(pagesPerHalf: Int, halfInUse: Int, highestEpoch: UInt64) {
        self.pagesPerHalf = pagesPerHalf
        half = halfInUse
        epoch = highestEpoch
        self.highestEpoch = highestEpoch
    }

    /// Pages a checkpoint may have: appends keep the other half of the half.
    static func checkpointCapacity(pagesPerHalf: Int) -> Int { pagesPerHalf / 2 }

    static func pages(records: Int) -> Int {
        max(1, (records + JournalPage.recordCapacity - 1) / JournalPage.recordCapacity)
    }

    /// Whether so many records can be appended without a checkpoint.
    func takes(records: Int) -> Bool {
        !isSpoilt && nextPosition + Self.pages(records: records) * Self.copies <= pagesPerHalf
    }

    /// A checkpoint is about to be written into the other half. Nothing may be appended to this one meanwhile.
    mutating func beginCheckpoint() -> (half: Int, epoch: UInt64) {
        highestEpoch += 1
        return (1 - half, highestEpoch)
    }

    /// The checkpoint is on the device, synced: the halves change places.
    mutating func finishCheckpoint(half: Int, epoch: UInt64, pages: Int) {
        self.half = half
        self.epoch = epoch
        checkpointPages = pages
        nextPosition = pages
        commit = 0
        isSpoilt = false
    }

    /// Takes the place for an append. It is used whether the append succeeds or not.
    mutating func beginAppend(records: Int) -> (position: Int, commit: UInt64) {
        let position = nextPosition
        nextPosition += Self.pages(records: records) * Self.copies
        commit += 1
        return (position, commit)
    }

    /// A write or sync failed: what the half holds behind the acknowledged appends is not known.
    mutating func spoil() { isSpoilt = true }
}
