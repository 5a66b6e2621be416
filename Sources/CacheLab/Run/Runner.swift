// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// Runs configurations over a trace, one on each core at a time.
package struct Runner: Sendable {
    package let trace: Trace
    /// Slices of the trace that hit ratios are given for.
    package static let slices = 20

    package init(_ trace: Trace) { self.trace = trace }

    /// Results in the order of the configurations.
    /// - Parameter progress: Told of requests done since it was last called, on any thread.
    package func run(
        _ configurations: [RunConfiguration],
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async -> [RunResult] {
        let nexts = configurations.contains { $0.subject == .reference(.optimum) } ? trace.nextRequests() : []
        let width = max(1, min(configurations.count, ProcessInfo.processInfo.activeProcessorCount))
        return await withTaskGroup(of: (Int, RunResult).self) { group in
            var results = [RunResult?](repeating: nil, count: configurations.count)
            var started = 0
            while started < configurations.count {
                let index = started
                if started >= width, let done = await group.next() { results[done.0] = done.1 }
                group.addTask { (index, run(configurations[index], nexts, progress)) }
                started += 1
            }
            for await done in group { results[done.0] = done.1 }
            return results.compactMap(\.self)
        }
    }

    private func run(_ configuration: RunConfiguration, _ nexts: [Int], _ progress: @Sendable (Int) -> Void) -> RunResult {
        let start = ContinuousClock.now
        var result =
            switch configuration.subject {
            case .store: simulate(configuration, progress)
            case .reference(let policy): simulate(policy, configuration, nexts, progress)
            }
        let taken = ContinuousClock.now - start
        result.seconds = Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
        return result
    }

    private func simulate(_ configuration: RunConfiguration, _ progress: @Sendable (Int) -> Void) -> RunResult {
        var model = StoreModel(configuration.store, objectCount: trace.objectCount)
        var ratios: [Double] = []
        for range in trace.slices(Self.slices) {
            let before = model.result
            for position in range { model.request(trace.requests[position]) }
            let after = model.result
            let hits = after.memoryHits + after.diskHits - before.memoryHits - before.diskHits
            ratios.append(Double(hits) / Double(max(1, range.count)))
            progress(range.count)
        }
        let isTuned = configuration.store.replacement == .gyre && configuration.store.tuning == nil
        return RunResult(
            configuration: configuration,
            totals: model.result,
            reuse: model.reuse,
            hitRatios: ratios,
            tuning: isTuned ? model.tuning : nil,
            seconds: 0
        )
    }

    private func simulate(
        _ policy: ReferencePolicy,
        _ configuration: RunConfiguration,
        _ nexts: [Int],
        _ progress: @Sendable (Int) -> Void
    ) -> RunResult {
        var cache = policy.makeCache(
            capacityBytes: configuration.store.memoryBytes + configuration.store.volumeBytes,
            objectCount: trace.objectCount
        )
        var totals = StoreModelResult()
        var ratios: [Double] = []
        for range in trace.slices(Self.slices) {
            let before = totals.diskHits
            for position in range {
                let request = trace.requests[position]
                let bytes = Int(request.bytes)
                totals.requests += 1
                totals.requestedBytes += bytes
                if cache.request(request.object, bytes: bytes, next: nexts.isEmpty ? .max : nexts[position]) {
                    totals.diskHits += 1
                    totals.hitBytes += bytes
                }
            }
            ratios.append(Double(totals.diskHits - before) / Double(max(1, range.count)))
            progress(range.count)
        }
        totals.deviceBytesWritten = cache.insertedBytes
        return RunResult(configuration: configuration, totals: totals, reuse: .init(), hitRatios: ratios, tuning: nil, seconds: 0)
    }
}

extension Trace {
    /// For each request the position of the object's next one; `.max`: there is none.
    func nextRequests() -> [Int] {
        var nexts = [Int](repeating: .max, count: requests.count)
        var seen = [Int](repeating: .max, count: objectCount)
        for position in requests.indices.reversed() {
            let object = Int(requests[position].object)
            nexts[position] = seen[object]
            seen[object] = position
        }
        return nexts
    }

    /// The positions in so many parts.
    func slices(_ count: Int) -> [Range<Int>] {
        (0..<count).map { (requests.count * $0 / count)..<(requests.count * ($0 + 1) / count) }
    }
}
