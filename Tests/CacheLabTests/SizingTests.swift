// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import Testing

@testable import CacheLab

@Suite struct SizingTests {
    /// Zipf's popularity over many objects of sizes from 100 to 20,000 bytes.
    static func trace(objects: Int, requests: Int, exponent: Double = 0.8) -> Trace {
        let ranks = ZipfRanks(count: objects, exponent: exponent)
        var random = SeededRandom(seed: 77)
        var numbers = ObjectNumbers()
        return Trace(
            requests: (0..<requests).map { number in
                let rank = ranks.sample(&random)
                let bytes = UInt32(100 + Trace.hash(of: UInt32(rank)).high % 20_000)
                return TraceRequest(seconds: UInt32(number / 100), object: numbers.number(UInt64(rank)), bytes: bytes)
            }
        )
    }

    private func lru(_ trace: Trace, bytes: Int) -> (objects: Double, bytes: Double) {
        var cache = ListCache(.lru, bytes, trace.objectCount)
        var (hits, hitBytes, all) = (0, 0, 0)
        for request in trace.requests {
            all += Int(request.bytes)
            if cache.request(request.object, bytes: Int(request.bytes), next: .max) {
                hits += 1
                hitBytes += Int(request.bytes)
            }
        }
        return (Double(hits) / Double(trace.requests.count), Double(hitBytes) / Double(all))
    }

    private func distances(_ trace: Trace, objectsMax: Int) -> ReuseDistances {
        var distances = ReuseDistances(objectsMax: objectsMax)
        for request in trace.requests { distances.request(Trace.hash(of: request.object).low, bytes: Int(request.bytes)) }
        return distances
    }

    @Test func `with all objects in the sample the curve is LRU's`() {
        let trace = Self.trace(objects: 2000, requests: 60_000)
        let distances = distances(trace, objectsMax: 4000)
        #expect(distances.share == 1)
        for percent in [0.5, 1, 3, 10, 30, 60, 100] {
            let capacity = Int(Double(trace.uniqueBytes) * percent / 100)
            let (exact, found) = (lru(trace, bytes: capacity), distances.hitRatios(bytes: capacity))
            #expect(abs(exact.objects - found.objects) < 0.005, "\(percent) %: \(exact) \(found)")
            #expect(abs(exact.bytes - found.bytes) < 0.01, "\(percent) %: \(exact) \(found)")
        }
    }

    @Test func `a sample of one object in five is within a point of LRU`() {
        let trace = Self.trace(objects: 40_000, requests: 400_000)
        let distances = distances(trace, objectsMax: trace.objectCount / 5)
        #expect(distances.share < 0.25 && distances.sampledObjects <= trace.objectCount / 5)
        for percent in [1.0, 3, 10, 30, 60] {
            let capacity = Int(Double(trace.uniqueBytes) * percent / 100)
            let (exact, found) = (lru(trace, bytes: capacity), distances.hitRatios(bytes: capacity))
            #expect(abs(exact.objects - found.objects) < 0.01, "\(percent) %: \(exact) \(found)")
        }
    }

    @Test func `sums and heap are right`() {
        var sums = RunningSums(count: 37)
        var plain = [Int](repeating: 0, count: 37)
        var heap = LargestFirst(capacity: 8)
        var random = SeededRandom(seed: 3)
        var values: [UInt64] = []
        for _ in 0..<500 {
            let (position, value) = (random.below(37), random.below(1000) - 300)
            sums.add(value, at: position)
            plain[position] += value
            let through = random.below(37)
            #expect(sums.sum(through: through) == plain[...through].reduce(0, +) && sums.total == plain.reduce(0, +))
            let number = random.next()
            heap.insert(number)
            values.append(number)
        }
        for value in values.sorted(by: >) { #expect(heap.removeLargest() == value) }
    }

    @Test func `a study from a sample agrees with the simulation of all`() async throws {
        let trace = Self.trace(objects: 40_000, requests: 400_000)
        let (memory, volume) = (trace.uniqueBytes / 50, trace.uniqueBytes / 5)
        let study = await SizingStudy.run(trace, memoryBytes: memory, volumeBytes: volume, objectsMax: 8000)
        #expect(study.share < 0.3 && study.requestsPerSecond.map { abs($0 - 100) < 1 } == true)
        for factor in [0.5, 1, 2] {
            let row = try #require(study.row(volume: factor))
            let store = StoreModelConfiguration(memoryBytes: memory, volumeBytes: Int(Double(volume) * factor))
            let whole = await Runner(trace).run([RunConfiguration(subject: .store(.gyre), store: store)])[0].totals
            #expect(abs(whole.objectHitRatio - row.objectHitRatio) < 0.025, "\(factor): \(whole.objectHitRatio) \(row.objectHitRatio)")
            #expect(abs(whole.writtenPerRequestedByte - row.writtenPerRequestedByte) < 0.06)
        }
        let (half, now, twice) = (study.row(volume: 0.5), study.row(), study.row(volume: 2))
        #expect(half!.objectHitRatio < now!.objectHitRatio && now!.objectHitRatio < twice!.objectHitRatio)
        let report = SizingReport(traceName: "t", study: study, ratedWritesPerDay: 1)
        #expect(report.sentences.first?.hasPrefix("Twice the disk brings") == true)
        #expect((try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])?["rows"] != nil)
    }

    /// Went wrong once: a share of a budget that has less than a stripe in its ten seconds let nothing through.
    @Test(
        arguments: [(1.0, 20_000_000, nil, 1 << 20), (0.0005, 10_000, nil, 8192), (0.00001, nil, 17_280_000, 1 << 20)]
            as [(Double, Int?, Int?, Int)]
    )
    func `a share of a budget is one that stripes fit in`(scale: Double, second: Int?, day: Int?, stripeBytes: Int) {
        var store = StoreModelConfiguration(memoryBytes: 1 << 20, volumeBytes: 1 << 30)
        var budget = SimulationVariants.Budget(name: "b")
        budget.bytesPerSecond = 20_000_000
        store.bound(by: budget, scale: scale)
        #expect(store.bytesPerSecond == second && store.bytesPerDay == day)
        #expect(store.effectiveStripeBytes == stripeBytes)
    }

    @Test func `a sampled volume under a budget is written`() async throws {
        let trace = Self.trace(objects: 10_000, requests: 60_000)
        var budget = SimulationVariants.Budget(name: "b")
        budget.bytesPerSecond = 50_000
        let study = await SizingStudy.run(trace, memoryBytes: 8 << 20, volumeBytes: 1 << 30, objectsMax: 2000, budget: budget)
        let row = try #require(study.row())
        #expect(study.share < 0.3 && row.writtenPerRequestedByte > 0)
    }

    @Test func `writes give the life of the flash`() async throws {
        let trace = Self.trace(objects: 3000, requests: 30_000)
        let study = await SizingStudy.run(
            trace,
            memoryBytes: 1 << 20,
            volumeBytes: 4 << 20,
            replacement: .cyclic,
            requestsPerSecond: 10
        )
        let row = try #require(study.row())
        let rate = try #require(study.bytesWrittenPerSecond(row))
        #expect(abs(rate - 10 * Double(study.requestedBytes) / 30_000 * row.writtenPerRequestedByte) < 1)
        // Rated for its size each day: it lasts five years when that is what is written.
        let years = try #require(study.years(row, ratedWritesPerDay: rate * 86_400 / Double(4 << 20)))
        #expect(abs(years - 5) < 0.01)
    }

    @Test(arguments: [100.0, 300]) func `a write budget bounds what a study writes, at the pace that is asked`(_ pace: Double) async throws
    {
        let trace = Self.trace(objects: 3000, requests: 60_000)
        func rate(_ limit: Int?) async throws -> Double {
            var budget = SimulationVariants.Budget(name: "b")
            budget.bytesPerSecond = limit
            let study = await SizingStudy.run(
                trace,
                memoryBytes: 1 << 20,
                volumeBytes: 4 << 20,
                replacement: .cyclic,
                objectsMax: 1500,
                requestsPerSecond: pace,
                budget: budget
            )
            return try #require(study.row().flatMap { study.bytesWrittenPerSecond($0) })
        }
        let unbounded = try await rate(nil)
        let limit = unbounded / 3
        let bounded = try await rate(Int(limit))
        // A sample of the objects is not quite the same share of the bytes.
        #expect(bounded < limit * 1.2 && bounded > limit / 2, "\(bounded) of \(limit)")
    }
}
