// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import Testing

@testable import CacheLab

@Suite struct WorkloadTests {
    @Test(arguments: [
        (Distribution.exponential(mean: 4500), 4500.0, 4500.0), (.logNormal(mean: 25_000, deviation: 10_000), 25_000, 10_000),
        (.normal(mean: 2.5, deviation: 1), 2.5, 1), (.uniform(1...365), 183, 105.1), (.constant(7), 7, 0),
    ]) func `samples have the mean and the deviation they should`(distribution: Distribution, mean: Double, deviation: Double) {
        var random = SeededRandom(seed: 5)
        let samples = (0..<200_000).map { _ in distribution.sample(&random) }
        let average = samples.reduce(0, +) / Double(samples.count)
        let variance = samples.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(samples.count)
        #expect(abs(average - mean) <= 0.02 * mean)
        #expect(abs(variance.squareRoot() - deviation) <= 0.04 * deviation + 1e-9)
    }

    @Test(arguments: [0.6, 1.0, 1.3]) func `ranks follow Zipf's law`(exponent: Double) {
        let ranks = ZipfRanks(count: 50, exponent: exponent)
        var random = SeededRandom(seed: 9)
        var counts = [Int](repeating: 0, count: 51)
        for _ in 0..<400_000 { counts[ranks.sample(&random)] += 1 }
        let weights = (1...50).map { 1 / pow(Double($0), exponent) }
        let sum = weights.reduce(0, +)
        for rank in [1, 2, 3, 10, 50] {
            let expected = 400_000 * weights[rank - 1] / sum
            #expect(abs(Double(counts[rank]) - expected) < 5 * expected.squareRoot(), "rank \(rank)")
        }
    }

    @Test func `the content is PolyMix's`() {
        let objects = (0..<100_000).map { WorkloadObject(seed: 3, number: $0, daySeconds: 60) }
        for kind in ContentKind.allCases {
            let some = objects.filter { $0.kind == kind }
            let share = Double(some.count) / Double(objects.count)
            #expect(abs(share - kind.share) < 0.005, "\(kind)")
            let cachable = Double(some.count { $0.isCachable }) / Double(some.count)
            #expect(abs(cachable - kind.cachable) < 0.05, "\(kind)")
        }
        let mean = Double(objects.reduce(0) { $0 + $1.bytes }) / Double(objects.count)
        #expect(abs(mean - ContentKind.meanBytes) < 0.05 * ContentKind.meanBytes)
    }

    @Test func `versions follow one another without a gap`() {
        for number in 0..<200 {
            let object = WorkloadObject(seed: 1, number: number, daySeconds: 0.5)
            let version = object.version(at: 0)
            let validity = object.validity(of: version)
            #expect(validity.contains(0) && validity.upperBound - validity.lowerBound >= 1.999)
            #expect(object.version(at: validity.upperBound + 0.001) == version + 1)
            #expect(object.version(at: validity.upperBound - 0.001) == version)
        }
    }

    @Test func `bytes are the same wherever one begins, and others for other versions`() {
        let object = WorkloadObject(seed: 1, number: 4, daySeconds: 60)
        let content = object.content(version: 2)
        var whole = [UInt8](repeating: 0, count: 100)
        whole.withUnsafeMutableBytes { content.fill($0) }
        for start in 0..<20 {
            for end in start..<100 {
                var part = [UInt8](repeating: 0, count: end - start)
                part.withUnsafeMutableBytes { content.fill($0, from: start) }
                #expect(part == Array(whole[start..<end]))
                #expect(part.withUnsafeBytes { content.matches($0, from: start) })
                guard !part.isEmpty else { continue }
                part[part.count / 2] ^= 1
                #expect(!part.withUnsafeBytes { content.matches($0, from: start) })
            }
        }
        #expect(!whole.withUnsafeBytes { object.content(version: 3).matches($0, from: 0) })
        #expect(!whole.withUnsafeBytes { WorkloadObject(seed: 1, number: 5, daySeconds: 60).content(version: 2).matches($0, from: 0) })
    }

    @Test func `a path gives its object back`() {
        let object = WorkloadObject(seed: 1, number: 417, daySeconds: 60)
        #expect(WorkloadObject.number(path: object.path(run: "a1"), run: "a1") == 417)
        for path in ["/a2/417.gif", "/a1/x.gif", "/a1/417", "/a1/4/417.gif", "", "a1/417.gif"] {
            #expect(WorkloadObject.number(path: path, run: "a1") == nil)
        }
    }

    @Test func `the same seed gives the same requests, another seed others`() {
        var settings = WorkloadSettings()
        settings.maxRequests = 20_000
        let first = Array(WorkloadPlan(settings))
        #expect(first == Array(WorkloadPlan(settings)))
        settings.seed = 2
        #expect(first != Array(WorkloadPlan(settings)))
        #expect(first.count == 20_000)
    }

    @Test(arguments: [Popularity.polymix, .zipf(exponent: 0.8)]) func `the hit ratio offered is PolyMix's`(popularity: Popularity) {
        var settings = WorkloadSettings()
        settings.popularity = popularity
        (settings.workingSet, settings.rate, settings.plateauSeconds) = (5000, 2000, 60)
        settings.mix = RequestMix()
        settings.daySeconds = 1e6
        let offer = WorkloadOffer(settings)
        // 68.75 % are seen before; of the objects eight in ten may be stored (0.794 as the mix has it, weighted by requests).
        #expect(abs(offer.hitRatio - 0.6875 * 0.794) < 0.02, "\(offer.hitRatio)")
        settings.recurrence = 0.4
        #expect(abs(WorkloadOffer(settings).hitRatio - 0.4 * 0.794) < 0.02)
    }

    @Test func `small objects come back more often`() {
        var settings = WorkloadSettings()
        (settings.rate, settings.plateauSeconds) = (2000, 30)
        let offer = WorkloadOffer(settings)
        #expect(offer.byteHitRatio < offer.hitRatio - 0.05)
    }

    @Test func `phases have their times and rates, kinds their shares`() {
        let requests = Array(WorkloadPlan(WorkloadSettings()))
        let byPhase = Dictionary(grouping: requests, by: \.phase)
        for name in [WorkloadPhase.Name.plateau1, .plateau2] {
            let some = byPhase[name] ?? []
            #expect(abs(Double(some.count) - 10_000) < 500)
            let first = some.first?.seconds ?? 0
            #expect(some.allSatisfy { $0.seconds - first <= 20 })
        }
        #expect(abs(Double(byPhase[.idle]?.count ?? 0) - 250) < 80)
        #expect(abs(Double(byPhase[.ramp]?.count ?? 0) - 1375) < 200)
        #expect(zip(requests, requests.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
        let posts = Double(requests.count { $0.kind == .post }) / Double(requests.count)
        #expect(abs(posts - 0.015) < 0.004)
        // Conditions and reloads are put to what was seen before and may be stored: 55 %.
        let measured = requests.filter { $0.phase.isMeasured }
        let same = Double(measured.count { $0.kind == .conditionalSame }) / Double(measured.count)
        #expect(abs(same - 0.055) < 0.01)
        #expect(requests.allSatisfy { $0.kind != .reload || !$0.isOfferedHit })
    }

    @Test func `the fill ends by bytes when it is told how many`() {
        var settings = WorkloadSettings()
        settings.fillBytes = 8 << 20
        let fill = WorkloadPlan(settings).prefix { $0.phase == .fill }
        let distinct = Dictionary(
            fill.filter(\.object.isCachable).map { ($0.object.number, $0.object.bytes) },
            uniquingKeysWith: { first, _ in first }
        )
        let bytes = distinct.values.reduce(0, +)
        #expect(bytes >= 8 << 20 && bytes < (8 << 20) + WorkloadObject.largestBytes)
    }
}
