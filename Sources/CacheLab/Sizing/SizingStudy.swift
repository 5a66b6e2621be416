// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// What other sizes of memory and disk would bring: hits from the store's own policies on a ``SizingSample``, at sizes scaled by the share
/// that is sampled (Waldspurger and others, ATC 2017), and LRU's curve from ``ReuseDistances``.
package struct SizingStudy: Sendable {
    /// One pair of sizes.
    package struct Row: Hashable, Sendable {
        package var memoryBytes: Int
        package var volumeBytes: Int
        package var objectHitRatio = 0.0
        package var byteHitRatio = 0.0
        /// Of an LRU cache of memory and volume together, that writes everything it misses.
        package var lruObjectHitRatio = 0.0
        package var lruByteHitRatio = 0.0
        /// Device bytes for each byte requested.
        package var writtenPerRequestedByte = 0.0
    }

    package let memoryBytes: Int
    package let volumeBytes: Int
    package private(set) var rows: [Row]
    /// Share of the objects that was sampled, and how many those were.
    package private(set) var share: Double
    package private(set) var sampledObjects: Int
    package let requests: Int
    package let requestedBytes: Int
    package let uniqueBytes: Int
    /// Requests in a second, where the trace has times or they were given.
    package let requestsPerSecond: Double?
    /// Sizes from a hundredth of the distinct bytes up to all, and LRU's hit ratios.
    package let curve: [(bytes: Int, objects: Double, byteRatio: Double)]

    package static let factors = [0.25, 0.5, 1, 2, 4, 8]

    /// - Parameters:
    ///   - objectsMax: Objects in the sample.
    ///   - requestsPerSecond: In place of what the trace's times say.
    ///   - budget: The most that may be written; it needs a trace with times.
    package static func run(
        _ trace: Trace,
        memoryBytes: Int,
        volumeBytes: Int,
        replacement: Replacement = .gyre,
        objectsMax: Int = 16_384,
        requestsPerSecond: Double? = nil,
        budget: SimulationVariants.Budget? = nil
    ) async -> SizingStudy {
        let sample = SizingSample(of: trace, objectsMax: objectsMax)
        return await run(
            sample,
            memoryBytes: memoryBytes,
            volumeBytes: volumeBytes,
            replacement: replacement,
            requestsPerSecond: requestsPerSecond,
            budget: budget
        )
    }

    /// The same for a sample that was taken elsewhere.
    package static func run(
        _ sample: SizingSample,
        memoryBytes: Int,
        volumeBytes: Int,
        replacement: Replacement = .gyre,
        requestsPerSecond: Double? = nil,
        budget: SimulationVariants.Budget? = nil,
        byteShare: Float = HitValue.defaultByteShare,
        writtenByteCost: Float = ShadowCaches.Aim.defaultWrittenByteCost
    ) async -> SizingStudy {
        let share = sample.share
        // The sample has its share of the traffic, in the trace's time: the budget's share of it, and as much more as the trace is faster than what is asked.
        let pace = (sample.requestsPerSecond ?? 0) / (requestsPerSecond ?? sample.requestsPerSecond ?? 1)
        var pairs: [(Int, Int)] = []
        for factor in factors { pairs.append((memoryBytes, Int(Double(volumeBytes) * factor))) }
        for factor in [0.5, 2, 4] { pairs.append((Int(Double(memoryBytes) * factor), volumeBytes)) }
        let configurations = pairs.map { memory, volume in
            var store = StoreModelConfiguration(
                memoryBytes: Int(Double(memory) * share),
                volumeBytes: Int(Double(volume) * share),
                replacement: replacement
            )
            (store.byteShare, store.writtenByteCost) = (byteShare, writtenByteCost)
            if let budget { store.bound(by: budget, scale: share * pace) }
            return RunConfiguration(subject: .store(replacement), store: store)
        }
        let results = await Runner(sample.trace).run(configurations)
        let rows = zip(pairs, results).map { pair, result in
            let lru = sample.lruHitRatios(bytes: pair.0 + pair.1)
            let (totals, expected) = (result.totals, Double(sample.bytes) * share)
            return Row(
                memoryBytes: pair.0,
                volumeBytes: pair.1,
                objectHitRatio: ReuseDistances.corrected(
                    Double(totals.memoryHits + totals.diskHits),
                    of: Double(totals.requests),
                    expected: Double(sample.requests) * share
                ),
                byteHitRatio: ReuseDistances.corrected(Double(totals.hitBytes), of: Double(totals.requestedBytes), expected: expected),
                lruObjectHitRatio: lru.objects,
                lruByteHitRatio: lru.bytes,
                writtenPerRequestedByte: expected > 0 ? Double(totals.deviceBytesWritten) / expected : 0
            )
        }
        let curve = (0...14).map { step in
            let bytes = Int(Double(sample.uniqueBytes) / 128 * Double(1 << (step / 2)) * (step % 2 == 0 ? 1 : 1.414))
            let ratios = sample.lruHitRatios(bytes: bytes)
            return (bytes, ratios.objects, ratios.bytes)
        }
        return SizingStudy(
            memoryBytes: memoryBytes,
            volumeBytes: volumeBytes,
            rows: rows,
            share: share,
            sampledObjects: sample.trace.objectCount,
            requests: sample.requests,
            requestedBytes: sample.bytes,
            uniqueBytes: sample.uniqueBytes,
            requestsPerSecond: requestsPerSecond ?? sample.requestsPerSecond,
            curve: curve
        )
    }

    /// The row with these sizes as multiples of what was asked for.
    package func row(memory: Double = 1, volume: Double = 1) -> Row? {
        rows.first { $0.memoryBytes == Int(Double(memoryBytes) * memory) && $0.volumeBytes == Int(Double(volumeBytes) * volume) }
    }

    /// Bytes written to the device in a second; nil without a rate.
    package func bytesWrittenPerSecond(_ row: Row) -> Double? {
        requestsPerSecond.map { $0 * Double(requestedBytes) / Double(max(1, requests)) * row.writtenPerRequestedByte }
    }

    /// Years until flash of the volume's size has taken what it is rated for: so many times its size a day for five years.
    package func years(_ row: Row, ratedWritesPerDay: Double) -> Double? {
        guard let rate = bytesWrittenPerSecond(row), rate > 0 else { return nil }
        return 5 * ratedWritesPerDay * Double(row.volumeBytes) / (rate * 86_400)
    }
}
