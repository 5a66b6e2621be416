// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Numbers of a store, as they are at one moment. Whoever knows the store fills one in at each scrape.
public struct StoreMetrics: Sendable {
    /// Records in the index.
    public var records = 0
    /// Bytes of memory of the index.
    public var indexBytes = 0
    /// Stripes that hold records.
    public var liveStripes = 0
    /// Stripes in all.
    public var stripes = 0
    /// Stripes written.
    public var stripesWritten = 0
    /// Bytes written to devices.
    public var deviceBytesWritten = 0
    /// Records read from devices.
    public var deviceReads = 0
    /// Bytes read from devices.
    public var deviceBytesRead = 0
    /// Records served from a membuf.
    public var membufReads = 0
    /// Records whose checks failed.
    public var damagedRecords = 0
    /// Reads that failed.
    public var readErrors = 0
    /// Stripe writes that failed.
    public var writeErrors = 0
    /// Records forgotten when their stripe was taken back.
    public var reclaimedRecords = 0
    /// Records carried forward when their stripe was taken back.
    public var relocatedRecords = 0
    /// Their bytes.
    public var relocatedBytes = 0
    /// Records that were worth carrying forward and were not.
    public var relocationsDropped = 0
    /// Stripes that stand outside the turn.
    public var hotStripes = 0
    /// Hot stripes that gave way to hotter ones.
    public var hotStripesReplaced = 0
    /// Stripes whose header and directory did not agree.
    public var damagedStripes = 0
    /// Dead records on disk that are watched.
    public var watchedRecords = 0
    /// Reads that are left until the index is complete; 0 when it is.
    public var rebuildReadsLeft = 0
    /// Volumes that serve.
    public var volumes = 0
    /// Volumes that were set aside or could not be opened.
    public var volumesOffline = 0
    /// Records the store did not take, by reason.
    public var refusedWrites: [(reason: String, count: Int)] = []
    /// Operations that I/O engines took.
    public var ioOperations = 0
    /// Operations that I/O engines had no room for.
    public var ioRefused = 0
    /// Operations taken and not finished.
    public var ioInFlight = 0
    /// The most there were at one time, of any volume.
    public var ioInFlightMax = 0
    /// Objects held in memory.
    public var memoryObjects = 0
    /// Bytes of the objects held in memory.
    public var memoryBytes = 0
    /// Objects in memory that no volume has.
    public var memoryOnlyObjects = 0
    /// Objects that left memory for others.
    public var memoryEvictions = 0
    /// Bytes of memory of admission, its models and the purges.
    public var policyBytes = 0
    /// Objects that are being stored and read at the same time.
    public var fills = 0
    /// Bytes that left memory, or belong together, and wait for room on a volume.
    public var waitingBytes = 0
    /// Objects that were forgotten since too much waited.
    public var departuresDropped = 0
    /// Objects that were written or not, by why.
    public var admission: [(decision: String, count: Int)] = []

    /// Makes numbers that are all 0.
    public init() {}

    /// Adds these numbers to a scrape. Several stores add up.
    public func collect(into sink: inout MetricSink) {
        for row in Self.rows { sink.add(row.description, value: row.value(self)) }
        for refused in refusedWrites { sink.add(Self.refusedWritesDescription, [refused.reason], value: refused.count) }
        for admitted in admission { sink.add(Self.admissionDescription, [admitted.decision], value: admitted.count) }
    }
}
