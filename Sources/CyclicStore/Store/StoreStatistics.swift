// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a store has done and holds, at one moment.
public struct StoreStatistics: Sendable {
    /// One volume of the store.
    public struct VolumeReport: Sendable {
        /// The volume's path.
        public var name: String
        /// Its numbers.
        public var statistics: VolumeStatistics
        /// What its I/O engine has done.
        public var engine = IOEngineStatistics()
    }

    /// The volumes that were opened, those that were set aside since too.
    public var volumes: [VolumeReport] = []
    /// What somebody should look at.
    public var problems: [StoreProblem] = []
    /// Objects in memory.
    public var memoryObjects = 0
    /// Their bytes.
    public var memoryBytes = 0
    /// Lookups answered from memory.
    public var memoryHits = 0
    /// Objects that left memory for others.
    public var memoryEvictions = 0
    /// Objects in memory that no volume has.
    public var memoryOnlyObjects = 0
    /// Objects that were written or not, by why: `seen-again`, `used-in-memory`, `by-chance`, `filling`; `refused`, `over-budget`. With
    /// ``Replacement/gyre`` only; the others write everything.
    public var admission: [String: Int] = [:]
    /// Bytes of memory of admission, its models, and the purges.
    public var policyBytes = 0
    /// Fills that go on.
    public var fills = 0
    /// Bytes of locality groups that wait to be written.
    public var stagedBytes = 0
    /// Bytes of objects that left memory and wait for room on a volume.
    public var leavingBytes = 0
    /// Objects that left memory and were forgotten since too much waited.
    public var departuresDropped = 0

    /// All volumes together; nil when there is none. Offline when every one of them is.
    public var volume: VolumeStatistics? {
        guard var sum = volumes.first?.statistics else { return nil }
        for report in volumes.dropFirst() { sum.add(report.statistics) }
        return sum
    }

    /// The volumes' engines together.
    public var engine: IOEngineStatistics { volumes.reduce(IOEngineStatistics()) { $0 + $1.engine } }
}

extension VolumeStatistics {
    mutating func add(_ other: VolumeStatistics) {
        for counter in Self.counters { self[keyPath: counter] += other[keyPath: counter] }
        writesRefused.merge(other.writesRefused, uniquingKeysWith: +)
        isOffline = isOffline && other.isOffline
        isRebuilding = isRebuilding || other.isRebuilding
    }

    private static var counters: [WritableKeyPath<VolumeStatistics, Int>] {
        [
            \.recordsWritten, \.recordBytesWritten, \.stripesWritten, \.deviceBytesWritten, \.writeErrors, \.deviceReads, \.deviceBytesRead,
            \.membufReads, \.readsWithoutHop, \.readErrors, \.damagedRecords, \.falseMatches, \.stripesReclaimed, \.recordsReclaimed,
            \.removals, \.damagedStripes, \.records, \.indexBytes, \.liveStripes, \.stripes, \.recordsRelocated, \.recordBytesRelocated,
            \.relocationsDropped, \.stripesKept, \.hotStripesReplaced, \.hotStripes, \.watchedRecords, \.rebuildPieces, \.rebuildPiecesLeft,
        ]
    }
}
