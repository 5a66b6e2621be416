// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CAllocationCounter
import CyclicStore
import GyreTelemetry
import GyreTestKit
import NIOCore
import Testing

@testable import GyreProxy

/// Ceilings, not timings: on its way from the store to the socket no byte of a large body is copied.
@Suite(.serialized, .enabled(if: gyre_copies_counted(), "copies cannot be counted in this build"))
struct CopyCostTests {
    private static let count = 24
    /// Above what is copied beside the head so that both are one write; the last ones lie in fragments.
    private static let sizes = [20_000, 100_000, 200_000, 1_000_000]

    /// Tables that grow and buffers of the log that are handed over are copied on the event loop too, now and then.
    private static let tolerance = 0.125

    private static func path(_ bytes: Int, _ number: Int) -> String { "/\(bytes)/\(number)" }

    /// Asks for every object of a size once, and tells how many bytes the event loop copied for each. What has just been written
    /// is read there too: the page cache has it.
    private func copiedBytes(_ scenario: Scenario, _ client: RawClient, _ bytes: Int, _ expected: RequestResult) async throws -> Double {
        let hits = scenario.totals().requests(expected)
        let before = try await copied(scenario)
        for number in 0..<Self.count {
            let response = try await client.get(Self.path(bytes, number), ["Host": "site.test"])
            #expect(response.body.count == bytes)
        }
        let after = try await copied(scenario)
        #expect(scenario.totals().requests(expected) - hits == UInt64(Self.count))
        return Double(after - before) / Double(Self.count)
    }

    private func copied(_ scenario: Scenario) async throws -> UInt64 {
        let loop = try #require(scenario.proxy.contexts.first).eventLoop
        return try await loop.submit { gyre_copied_bytes_of_thread() }.get()
    }

    private func answerAll(_ origin: FakeOrigin) {
        for bytes in Self.sizes {
            let body = PatternBody(seed: UInt64(bytes), count: bytes)
            for number in 0..<Self.count {
                origin.on("GET", Self.path(bytes, number)) { _ in
                    .response(200, ["Cache-Control": "max-age=600"], body: .pattern(body), framing: .declaredLength(UInt64(bytes)))
                }
            }
        }
    }

    @Test func `a hit copies nothing of its body, from memory or from the volume`() async throws {
        let folder = try TemporaryFolder()
        try await withScenario(volume: folder.file("v"), volumeBytes: 96 << 20, memoryBytes: 64 << 20) { scenario in
            answerAll(scenario.origin)
            let client = try await scenario.client()
            for bytes in Self.sizes {
                for number in 0..<Self.count { _ = try await client.get(Self.path(bytes, number), ["Host": "site.test"]) }
                let copied = try await copiedBytes(scenario, client, bytes, .hitMemory)
                #expect(copied < Double(bytes) * Self.tolerance, "\(bytes) from memory: \(copied)")
            }
        }
        // A memory that holds none of them, so that each comes from the volume.
        try await withScenario(volume: folder.file("v"), volumeBytes: 96 << 20, memoryBytes: 64 << 20) { scenario in
            answerAll(scenario.origin)
            let client = try await scenario.client()
            for bytes in Self.sizes {
                let copied = try await copiedBytes(scenario, client, bytes, .hitDisk)
                #expect(copied < Double(bytes) * Self.tolerance, "\(bytes) from the volume: \(copied)")
            }
            #expect(scenario.origin.requestCount == 0)
        }
    }

    /// What the counter is worth: a body beside its head is copied, once.
    @Test func `a small body is copied once, beside its head`() async throws {
        try await withScenario(memoryBytes: 64 << 20) { scenario in
            let bytes = 8 * 1024
            for number in 0..<Self.count {
                scenario.origin.on("GET", Self.path(bytes, number)) { _ in
                    .response(200, ["Cache-Control": "max-age=600"], body: "\(String(repeating: "x", count: bytes))")
                }
            }
            let client = try await scenario.client()
            for number in 0..<Self.count { _ = try await client.get(Self.path(bytes, number), ["Host": "site.test"]) }
            let copied = try await copiedBytes(scenario, client, bytes, .hitMemory)
            #expect(abs(copied - Double(bytes)) < Double(bytes) * Self.tolerance, "copied: \(copied)")
        }
    }
}
