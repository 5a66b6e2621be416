// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import HTTPCaching
import Testing

@testable import CacheLab
@testable import GyreProxy

/// What a server keeps in constant memory says the same as a study of every request.
@Suite struct ServerSampleTests {
    /// Zipf's popularity over objects of sizes from 100 to 20,000 bytes, 1,000 requests a second.
    private static func trace(objects: Int, requests: Int) -> Trace {
        let ranks = ZipfRanks(count: objects, exponent: 0.8)
        var random = SeededRandom(seed: 77)
        var numbers = ObjectNumbers()
        return Trace(
            requests: (0..<requests).map { number in
                let rank = ranks.sample(&random)
                let bytes = UInt32(100 + Trace.hash(of: UInt32(rank)).high % 20_000)
                return TraceRequest(seconds: UInt32(number / 1000), object: numbers.number(UInt64(rank)), bytes: bytes)
            }
        )
    }

    private static func document(_ trace: Trace, loops: Int, requestsMax: Int, objectsMin: Int) -> ServerSample {
        let start = Timestamp(milliseconds: 0)
        let sampler = RequestSampler(start: start, requestsMax: requestsMax, objectsMin: objectsMin) { $0() }
        let samplers = (0..<loops).map { _ in LoopSampler(sampler) }
        for (number, request) in trace.requests.enumerated() {
            samplers[number % loops].count(
                Trace.hash(of: request.object),
                bytes: Int(request.bytes),
                at: Timestamp(milliseconds: Int64(number))
            )
        }
        for loop in samplers { loop.flush(at: Timestamp(milliseconds: Int64(trace.requests.count))) }
        let sample = sampler.sample()
        var document = ServerSample()
        document.share = sample.share
        (document.requests, document.bytes, document.seconds) = (sample.requests, sample.bytes, Double(sample.milliseconds) / 1000)
        document.sample.milliseconds = sample.sampled.map { UInt64($0.milliseconds) }
        document.sample.object = sample.sampled.map { UInt32($0.object) }
        document.sample.bytes = sample.sampled.map { UInt32($0.bytes) }
        return document
    }

    @Test func `a sample of a fifth of the requests shows the curve of all`() async throws {
        let trace = Self.trace(objects: 60_000, requests: 400_000)
        let document = Self.document(trace, loops: 2, requestsMax: 100_000, objectsMin: 8_000)
        let read = try ServerSample(json: document.json)
        #expect(read.share < 0.3 && read.requests == 400_000 && read.sample.object.count <= 100_000)
        let sizing = read.sizing
        #expect(abs(Double(sizing.uniqueBytes) / Double(trace.uniqueBytes) - 1) < 0.05)
        let (memory, volume) = (trace.uniqueBytes / 50, trace.uniqueBytes / 5)
        let found = await SizingStudy.run(sizing, memoryBytes: memory, volumeBytes: volume)
        let whole = await SizingStudy.run(SizingSample(of: trace, objectsMax: 100_000), memoryBytes: memory, volumeBytes: volume)
        #expect(whole.share == 1 && abs((found.requestsPerSecond ?? 0) - 1000) < 5)
        for (row, all) in zip(found.rows, whole.rows) {
            #expect(abs(row.objectHitRatio - all.objectHitRatio) < 0.02, "\(row.volumeBytes): \(row) \(all)")
            #expect(abs(row.lruObjectHitRatio - all.lruObjectHitRatio) < 0.02, "\(row.volumeBytes): \(row) \(all)")
            #expect(abs(row.writtenPerRequestedByte - all.writtenPerRequestedByte) < 0.06, "\(row.volumeBytes): \(row) \(all)")
        }
    }

    @Test func `with all objects in the sample the study is the trace's`() async throws {
        let trace = Self.trace(objects: 2000, requests: 20_000)
        let sizing = try ServerSample(json: Self.document(trace, loops: 1, requestsMax: 1 << 18, objectsMin: 1 << 14).json).sizing
        #expect(
            sizing.trace.requests.map(\.object) == trace.requests.map(\.object)
                && sizing.bytes == trace.requests.reduce(0) { $0 + Int($1.bytes) }
        )
        let (memory, volume) = (trace.uniqueBytes / 20, trace.uniqueBytes / 5)
        let found = await SizingStudy.run(sizing, memoryBytes: memory, volumeBytes: volume)
        let whole = await SizingStudy.run(trace, memoryBytes: memory, volumeBytes: volume)
        for (row, all) in zip(found.rows, whole.rows) { #expect(abs(row.objectHitRatio - all.objectHitRatio) < 1e-9) }
    }

    @Test func `an answer without a size has that of the object`() throws {
        var document = ServerSample()
        (document.requests, document.bytes) = (8, 200)
        document.sample.object = [0, 0, 1, 0]
        document.sample.milliseconds = [0, 1, 2, 3]
        document.sample.bytes = [50, 0, 50, 0]
        #expect(document.sizing.trace.requests.map(\.bytes) == [50, 50, 50, 50])
        // Twice what was sent, as in the sample.
        #expect(document.sizing.bytes == 400)
    }

    @Test(arguments: ["", "{}", "[1]", #"{"share": 2}"#])
    func `what is no sample is refused`(_ text: String) {
        #expect(throws: TraceError.self) { try ServerSample(json: Data(text.utf8)) }
    }

    @Test func `a sample that contradicts itself is refused`() {
        var document = ServerSample()
        document.sample.object = [4]
        (document.sample.milliseconds, document.sample.bytes) = ([0], [1])
        #expect(throws: TraceError.self) { try ServerSample(json: document.json) }
        document.sample.object = [0]
        document.share = 0
        #expect(throws: TraceError.self) { try ServerSample(json: document.json) }
    }
}
