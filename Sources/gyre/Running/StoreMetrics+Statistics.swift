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
        guard let volume = statistics.volume else { return }
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
