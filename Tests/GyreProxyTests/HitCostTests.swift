// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CAllocationCounter
import GyreTelemetry
import GyreTestKit
import NIOCore
import Testing

@testable import GyreProxy

/// Ceilings, not timings: what a hit takes from the allocator, NIO's part and the log's included.
@Suite(.serialized, .enabled(if: gyre_allocations_counted(), "allocations cannot be counted in this build"))
struct HitCostTests {
    /// Nothing, since the buffer that is written is used again. A build for debugging, of NIO above all, boxes much that an optimised one does not.
    #if DEBUG
    private static let ceiling = 24.0
    private static let missCeiling = 700.0
    #else
    private static let ceiling = 1.0
    private static let missCeiling = 40.0
    #endif

    private static let browserFields: FieldLines = {
        var fields: FieldLines = ["User-Agent": "Mozilla/5.0", "Accept": "*/*"]
        for number in 0..<15 { fields.append("X-Browser-\(number)", String(repeating: "v", count: 40)) }
        return fields
    }()

    @Test func `a hit in memory allocates a small constant, whatever its fields and its size`() async throws {
        try await withScenario(memoryBytes: 64 << 20) { scenario in
            let sizes = [100, 16 * 1024, 200 * 1024]
            for bytes in sizes {
                scenario.origin.on("GET", "/\(bytes)") { _ in
                    .response(200, ["Cache-Control": "max-age=600", "ETag": "\"1\""], body: "\(String(repeating: "x", count: bytes))")
                }
            }
            let client = try await scenario.client()
            let loop = try #require(scenario.proxy.contexts.first).eventLoop
            let (warming, rounds) = (20, 60)
            var counts: [Double] = []
            for bytes in sizes {
                for fields in [[:], Self.browserFields] {
                    for _ in 0..<warming { #expect(try await client.get("/\(bytes)", fields).text.utf8.count == bytes) }
                    let before = try await loop.submit { gyre_allocations_of_thread() }.get()
                    for _ in 0..<rounds { _ = try await client.get("/\(bytes)", fields) }
                    let after = try await loop.submit { gyre_allocations_of_thread() }.get()
                    counts.append(Double(after - before) / Double(rounds))
                }
            }
            #expect(counts.allSatisfy { $0 <= Self.ceiling }, "\(counts)")
            // What comes by chance, such as a buffer of the log that is handed over, is spread over all.
            #expect((counts.max() ?? 0) - (counts.min() ?? 0) < 8, "\(counts)")
            #expect(scenario.totals().requests(.hitMemory) == UInt64(counts.count * (warming + rounds) - sizes.count))
        }
    }

    @Test func `a miss that is stored allocates no more than before`() async throws {
        try await withScenario(memoryBytes: 64 << 20) { scenario in
            let (warming, rounds) = (20, 100)
            for number in 0..<warming + rounds {
                scenario.origin.on("GET", "/\(number)") { _ in
                    .response(200, ["Cache-Control": "max-age=600", "Content-Type": "application/octet-stream"], body: "small")
                }
            }
            let client = try await scenario.client()
            let loop = try #require(scenario.proxy.contexts.first).eventLoop
            for number in 0..<warming { #expect(try await client.get("/\(number)").text == "small") }
            let before = try await loop.submit { gyre_allocations_of_thread() }.get()
            for number in warming..<warming + rounds { _ = try await client.get("/\(number)") }
            let after = try await loop.submit { gyre_allocations_of_thread() }.get()
            let count = Double(after - before) / Double(rounds)
            #expect(count <= Self.missCeiling, "\(count)")
            #expect(scenario.totals().requests(.miss) == UInt64(warming + rounds))
        }
    }
}
