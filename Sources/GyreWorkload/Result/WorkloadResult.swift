// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CacheLab
package import Histogram

/// What is wrong with an answer that came whole. Each of these ends the program with 1.
package enum WrongAnswer: String, CaseIterable, Sendable {
    /// A version that was out of date when it was asked for.
    case stale
    /// Bytes of another object or version, or of none.
    case bytes = "wrong bytes"
    case length = "wrong length"
    /// No version, or one that does not exist yet.
    case version = "wrong version"
    /// A response that a shared cache may not store, from the cache.
    case shared = "not to be stored, but from the cache"
    /// 304 for what has changed, or without a condition.
    case notModified = "wrongly not modified"
}

/// Response times in microseconds, to three digits.
package struct Latencies: Sendable {
    package private(set) var histogram = Histogram<UInt64>(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)

    package init() {}

    package mutating func record(seconds: Double) { histogram.record(UInt64(min(max(1, seconds * 1e6), 3.6e9))) }
    package mutating func add(_ other: Latencies) { histogram.add(other.histogram) }

    package var count: Int { Int(histogram.totalCount) }
    /// Microseconds at or below which so many of a hundred are. Nil: nothing was recorded.
    package func microseconds(_ percentile: Double) -> Int? { count == 0 ? nil : Int(histogram.valueAtPercentile(percentile)) }
    package var maxMicroseconds: Int? { count == 0 ? nil : Int(histogram.max) }

    package static let percentiles = [50.0, 90, 99, 99.9]
}

/// What one phase brought.
package struct PhaseResult: Sendable {
    /// Answers that came whole, other than to clients that left.
    package var requests = 0
    /// Of those, what could have been hits.
    package var offeredHits = 0
    package var offeredHitBytes = 0
    /// Answers that no request to the origin stands behind.
    package var hits = 0
    /// Of those, answers that shared another request's fetch, which was under way.
    package var joined = 0
    /// Not hits, but answers of which the origin said that nothing has changed.
    package var validated = 0
    package var hitBytes = 0
    /// Bytes of bodies.
    package var bytes = 0
    /// Clients that left on purpose.
    package var aborted = 0
    /// Reloads that were answered without asking the origin: some caches are set up so.
    package var reloadsFromCache = 0
    package var wrong: [WrongAnswer: Int] = [:]
    /// Whole answers with a status that was not asked for.
    package var statuses: [Int: Int] = [:]
    package var failures: [LoadFailure: Int] = [:]
    /// From when the request was due, not from when it was sent: a cache that stands still costs every request that would have come.
    package var hitTimes = Latencies()
    package var joinedTimes = Latencies()
    package var missTimes = Latencies()
    /// From when the request was sent.
    package var serviceTimes = Latencies()

    package init() {}

    package var hitRatio: Double { requests == 0 ? 0 : Double(hits) / Double(requests) }
    package var offeredHitRatio: Double { requests == 0 ? 0 : Double(offeredHits) / Double(requests) }
    package var byteHitRatio: Double { bytes == 0 ? 0 : Double(hitBytes) / Double(bytes) }
    package var offeredByteHitRatio: Double { bytes == 0 ? 0 : Double(offeredHitBytes) / Double(bytes) }
    package var wrongCount: Int { wrong.values.reduce(0, +) }
    package var errorCount: Int { statuses.values.reduce(0, +) + failures.values.reduce(0, +) }

    package mutating func add(_ other: PhaseResult) {
        requests += other.requests
        offeredHits += other.offeredHits
        offeredHitBytes += other.offeredHitBytes
        hits += other.hits
        joined += other.joined
        validated += other.validated
        hitBytes += other.hitBytes
        bytes += other.bytes
        aborted += other.aborted
        reloadsFromCache += other.reloadsFromCache
        wrong.merge(other.wrong, uniquingKeysWith: +)
        statuses.merge(other.statuses, uniquingKeysWith: +)
        failures.merge(other.failures, uniquingKeysWith: +)
        hitTimes.add(other.hitTimes)
        joinedTimes.add(other.joinedTimes)
        missTimes.add(other.missTimes)
        serviceTimes.add(other.serviceTimes)
    }
}

/// What a run brought.
package struct WorkloadResult: Sendable {
    package var settings: WorkloadSettings
    /// Known before the first request.
    package var offer: WorkloadOffer
    package var phases: [(name: WorkloadPhase.Name, result: PhaseResult)] = []
    package var seconds = 0.0
    /// False: it was stopped before its end.
    package var isComplete = false
    package var connectionsOpened = 0
    /// Requests that were sent again because their connection had been closed meanwhile.
    package var retries = 0
    /// How late the generator itself was, where a connection was free.
    package var lateness = Latencies()
    package var originRequests = 0
    package var originBytes = 0
    /// What the cache's processes used during the run.
    package var cacheUse: ProcessUse?
    /// Bytes written to the volume of a cache in this process.
    package var volumeBytesWritten: Int?
    /// Bytes written to the device during the run, by whoever.
    package var deviceBytesWritten: Int?

    /// Of the phases that are judged by, or of all.
    package func total(measuredOnly: Bool) -> PhaseResult {
        phases.filter { !measuredOnly || $0.name.isMeasured }.reduce(into: PhaseResult()) { $0.add($1.result) }
    }
}
