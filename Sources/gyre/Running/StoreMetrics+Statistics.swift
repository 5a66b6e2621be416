// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry

extension StoreMetrics {
    /// The store's numbers as metrics.
    init(_ statistics: StoreStatistics) {
        self.init()
        memoryObjects = statistics.memoryObjects
        memoryBytes = statistics.memoryBytes
        let engine = statistics.engine
        ioOperations = engine.submitted
        ioRefused = engine.refused
        ioInFlight = engine.inFlight
        ioInFlightMax = engine.inFlightMax
        memoryOnlyObjects = statistics.memoryOnlyObjects
        memoryEvictions = statistics.memoryEvictions
        policyBytes = statistics.policyBytes
        fills = statistics.fills
        waitingBytes = statistics.stagedBytes + statistics.leavingBytes
        departuresDropped = statistics.departuresDropped
        admission = statistics.admission.sorted { $0.key < $1.key }.map { (decision: $0.key, count: $0.value) }
        volumesOffline = statistics.problems.count
        volumes = statistics.volumes.count { !$0.statistics.isOffline }
        guard let volume = statistics.volume else { return }
        relocatedRecords = volume.recordsRelocated
        relocatedBytes = volume.recordBytesRelocated
        relocationsDropped = volume.relocationsDropped
        hotStripes = volume.hotStripes
        hotStripesReplaced = volume.hotStripesReplaced
        damagedStripes = volume.damagedStripes
        watchedRecords = volume.watchedRecords
        rebuildReadsLeft = volume.rebuildPiecesLeft
        records = volume.records
        indexBytes = volume.indexBytes
        liveStripes = volume.liveStripes
        stripes = volume.stripes
        stripesWritten = volume.stripesWritten
        deviceBytesWritten = volume.deviceBytesWritten
        deviceReads = volume.deviceReads
        deviceBytesRead = volume.deviceBytesRead
        membufReads = volume.membufReads
        damagedRecords = volume.damagedRecords
        readErrors = volume.readErrors
        writeErrors = volume.writeErrors
        reclaimedRecords = volume.recordsReclaimed
        refusedWrites = RefusedWrite.allCases.map { (reason: $0.rawValue, count: volume.writesRefused[$0] ?? 0) }
    }
}
