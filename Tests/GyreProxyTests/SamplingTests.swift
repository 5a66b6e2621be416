// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTestKit
import HTTPCaching
import Synchronization
import Testing

@testable import GyreProxy

@Suite struct SamplingTests {
    private static let start = Timestamp(milliseconds: 1_000_000)

    private func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number)
        return KeyHash(high: random.next(), low: random.next())
    }

    private func block(_ hashes: [KeyHash], seen: Int? = nil, at milliseconds: Int = 0) -> RequestSampler.Block {
        var block = RequestSampler.Block()
        block.requests = hashes.map { SampledRequest(object: $0.low, milliseconds: UInt32(truncatingIfNeeded: milliseconds), bytes: 10) }
        block.seen = seen ?? hashes.count
        block.bytes = 10 * block.seen
        block.newest = milliseconds
        return block
    }

    @Test func `a full sample loses half of its objects with all their requests`() {
        var kept = KeptRequests(requestsMax: 1000, objectsMin: 64)
        for round in 0..<10 { kept.add(block((0..<200).map { hash($0) }, at: round)) }
        let sample = kept.sample()
        #expect(sample.requests == 2000 && sample.bytes == 20_000)
        #expect(sample.sampled.count <= 1000 && sample.share < 1 && sample.share >= 0.25)
        let uses = Dictionary(grouping: sample.sampled, by: \.object).mapValues(\.count)
        #expect(uses.values.allSatisfy { $0 == 10 })
        #expect(abs(Double(uses.count) - 200 * sample.share) < 40, "\(uses.count) of 200 objects at a share of \(sample.share)")
    }

    @Test func `with few objects the oldest requests leave, and their counts with them`() {
        var kept = KeptRequests(requestsMax: 1000, objectsMin: 64)
        for round in 0..<100 { kept.add(block((0..<20).map { hash($0) }, seen: 40, at: round * 600_000)) }
        let sample = kept.sample()
        #expect(sample.share == 1 && (750...1000).contains(sample.sampled.count))
        #expect(abs(sample.requests - 2 * sample.sampled.count) <= 2, "\(sample.requests) for \(sample.sampled.count)")
        #expect(sample.bytes / 10 - sample.requests <= 1)
        #expect(sample.sampled.last?.milliseconds == sample.milliseconds)
    }

    @Test func `after a week a request is forgotten, also when there was none in between`() {
        var kept = KeptRequests(requestsMax: 1000, objectsMin: 64)
        let hour = 3_600_000
        kept.add(block([hash(1)], at: 0))
        kept.add(block([hash(2)], at: 100 * hour))
        #expect(kept.sample().requests == 2)
        kept.add(block([hash(3)], at: 169 * hour))
        #expect(kept.sample().sampled.count == 2 && kept.sample().milliseconds == 69 * hour)
        // The clock of the requests has 32 bits and has gone round.
        kept.add(block([hash(4)], at: 3000 * hour))
        kept.add(block([hash(5)], at: 3001 * hour))
        let sample = kept.sample()
        #expect(sample.requests == 2 && sample.sampled.map(\.object) == [0, 1] && sample.milliseconds == hour)
    }

    @Test func `blocks of loops that overlap are put in order`() {
        var kept = KeptRequests(requestsMax: 1000, objectsMin: 64)
        var (first, second) = (block([]), block([]))
        for time in UInt32(0)..<10 {
            let request = SampledRequest(object: UInt64(time), milliseconds: time, bytes: 1)
            if time % 2 == 0 { first.requests.append(request) } else { second.requests.append(request) }
        }
        (first.seen, second.seen, first.newest, second.newest) = (5, 5, 8, 9)
        kept.add(second)
        kept.add(first)
        #expect(kept.sample().sampled.map(\.object) == Array(0..<10) && kept.sample().sampled.map(\.milliseconds) == Array(0..<10))
    }

    @Test func `one object asked for without end is kept within bounds`() {
        var kept = KeptRequests(requestsMax: 1000, objectsMin: 64)
        for round in 0..<50 { kept.add(block([KeyHash](repeating: hash(7), count: 300), at: round)) }
        let sample = kept.sample()
        #expect(sample.share == 1 && sample.sampled.count <= 1000 && abs(sample.requests - sample.sampled.count) <= 1)
    }

    @Test func `what a stalled sampler has no room for is counted, and no loop waits`() {
        let work = Mutex<[@Sendable () -> Void]>([])
        let sampler = RequestSampler(start: Self.start) { later in work.withLock { $0.append(later) } }
        let loop = LoopSampler(sampler)
        let all = (SamplerLimits.blocks + 5) * SamplerLimits.blockRequests
        for number in 0..<all { loop.count(hash(UInt64(number % 100)), bytes: 1, at: Self.start) }
        #expect(work.withLock { $0.count } == 1)
        for later in work.withLock({ $0 }) { later() }
        let sample = sampler.sample()
        #expect(sample.lost == 5 * SamplerLimits.blockRequests && sample.requests == all - sample.lost)
        #expect(sample.sampled.count == sample.requests)
        // It goes on afterwards.
        loop.count(hash(1), bytes: 1, at: Self.start)
        loop.flush(at: Self.start)
        #expect(sampler.sample().requests == sample.requests + 1)
    }

    @Test func `a server's sample has its hits and misses, and what no cache could answer is not in it`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=600", "ETag": "\"1\""], body: "12345") }
            scenario.origin.on("HEAD", "/a") { _ in .response(200, ["Cache-Control": "max-age=600"]) }
            scenario.origin.on("GET", "/b") { _ in .response(200, ["Cache-Control": "no-store"], body: "123") }
            scenario.origin.on("GET", "/c") { _ in .response(500, [:], body: "no") }
            scenario.origin.on("POST", "/a2") { _ in .response(200, [:], body: "posted") }
            let client = try await scenario.client()
            for target in ["/a", "/a", "/b", "/c", "/a"] { _ = try await client.get(target) }
            #expect(try await client.get("/a", ["If-None-Match": "\"1\""]).status == 304)
            _ = try await client.request("POST", "/a2", [:], body: Array("x".utf8))
            let sample = try #require(await scenario.proxy.requestSample())
            #expect(sample.sampled.map(\.object) == [0, 0, 1, 0, 0])
            #expect(sample.sampled.map(\.bytes) == [5, 5, 3, 5, 0])
            #expect(sample.requests == 5 && sample.bytes == 18 && sample.share == 1 && sample.lost == 0)
        }
    }

    @Test func `no sample is kept when nobody could ask for it`() async throws {
        try await withScenario(adjust: { $0.samplesRequests = false }) { scenario in
            #expect(await scenario.proxy.requestSample() == nil)
        }
    }
}
