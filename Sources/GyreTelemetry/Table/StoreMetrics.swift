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

    /// Makes numbers that are all 0.
    public init() {}

    /// Adds these numbers to a scrape. Several stores add up.
    public func collect(into sink: inout MetricSink) {
        for row in Self.rows { sink.add(row.description, value: row.value(self)) }
        for refused in refusedWrites { sink.add(Self.refusedWritesDescription, [refused.reason], value: refused.count) }
    }
}
