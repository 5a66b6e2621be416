// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// What is simulated.
package struct StoreModelConfiguration: Hashable, Sendable {
    /// Bytes of objects in memory.
    package var memoryBytes: Int
    /// Bytes of the volume's stripes.
    package var volumeBytes: Int
    package var replacement: Replacement
    /// Bytes of one stripe. Nil: 1 MiB, or less where the volume would have fewer than 64.
    package var stripeBytes: Int?
    /// A tuning that stays as it is. Nil: set by shadow caches.
    package var tuning: Tuning?
    /// See ``HitValue``.
    package var byteShare = HitValue.defaultByteShare
    /// See ``ShadowCaches/Aim``.
    package var writtenByteCost = ShadowCaches.Aim.defaultWrittenByteCost
    package var bytesPerSecond: Int?
    package var bytesPerDay: Int?
    /// Share of the memory that is the small queue.
    package var smallShare: Double?
    /// Bytes on disk beside an object's: header, key, directory entry.
    package var recordOverheadBytes = 160
    /// Bytes in memory beside an object's.
    package var memoryOverheadBytes = 208
    package var seed: UInt64 = 1
    package var shadowObjects = 8192

    package init(memoryBytes: Int, volumeBytes: Int, replacement: Replacement = .gyre) {
        self.memoryBytes = memoryBytes
        self.volumeBytes = volumeBytes
        self.replacement = replacement
    }

    var effectiveStripeBytes: Int {
        if let stripeBytes { return stripeBytes }
        var bytes = 1 << 20
        while bytes > 4096, bytes * 64 > volumeBytes { bytes /= 2 }
        // Some tables have a line for each stripe. In a volume that large the size of a stripe decides nothing.
        while volumeBytes / bytes > 1 << 22 { bytes *= 2 }
        return bytes
    }

    /// With fewer stripes than this in its time a bound is coarse, and with less than one it lets nothing through.
    private static let stripesInBudget = 10
    private static let minStripeBytes = 4096

    /// Bounds what is written to a share of a budget. Stripes, which do not shrink with the share, are made smaller where the bound has too few of them in its
    /// time. Where it has not room for the smallest in ten seconds, it holds over a day.
    mutating func bound(by budget: SimulationVariants.Budget, scale: Double) {
        func scaled(_ limit: Int) -> Int { max(1, Int(min(Double(limit) * scale, Double(1 << 50)))) }
        bytesPerDay = budget.bytesPerDay.map(scaled)
        bytesPerSecond = budget.bytesPerSecond.map(scaled)
        if let rate = bytesPerSecond, rate * 10 < Self.stripesInBudget * Self.minStripeBytes {
            bytesPerDay = min(bytesPerDay ?? .max, rate * 86_400)
            bytesPerSecond = nil
        }
        let room = min(bytesPerSecond.map { $0 * 10 } ?? .max, bytesPerDay ?? .max) / Self.stripesInBudget
        var bytes = effectiveStripeBytes
        while bytes > Self.minStripeBytes, bytes > room { bytes /= 2 }
        stripeBytes = bytes
    }
}

/// What came out.
package struct StoreModelResult: Hashable, Sendable {
    package var requests = 0
    package var requestedBytes = 0
    package var memoryHits = 0
    package var diskHits = 0
    package var hitBytes = 0
    /// Bytes of whole stripes written.
    package var deviceBytesWritten = 0
    /// Bytes of records carried forward.
    package var relocatedBytes = 0
    package var recordsRelocated = 0
    package var recordsWritten = 0
    package var stripesKept = 0
    package var hotStripesReplaced = 0
    package var recordsDropped = 0
    package var refusedByBudget = 0
    /// What became of objects that were fetched, by reason: see ``StoreStatistics/admission``.
    package var admission: [String: Int] = [:]

    package var objectHitRatio: Double { requests == 0 ? 0 : Double(memoryHits + diskHits) / Double(requests) }
    package var byteHitRatio: Double { requestedBytes == 0 ? 0 : Double(hitBytes) / Double(requestedBytes) }
    package var writtenPerRequestedByte: Double { requestedBytes == 0 ? 0 : Double(deviceBytesWritten) / Double(requestedBytes) }
}
