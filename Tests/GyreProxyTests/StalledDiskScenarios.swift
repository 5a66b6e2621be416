// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import GyreTestKit
import HTTPCaching
import NIOCore
import Testing

@testable import GyreProxy

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A disk that does not answer: what does not need it is served as if nothing were.
@Suite struct StalledDiskScenarios {
    /// A file whose transfers wait while the gate is shut. The page cache has nothing then either.
    private final class GatedDevice: BlockDevice, @unchecked Sendable {
        // Unchecked: everything below is touched only while the condition's lock is held.
        private let file: FileDevice
        private let condition = NSCondition()
        private var isShut = false
        private var waitingCount = 0
        private var callers: Set<UInt> = []

        init(_ file: FileDevice) { self.file = file }

        var byteCount: Int { file.byteCount }
        var alignment: Int { file.alignment }
        /// How many transfers wait now.
        var waiting: Int { condition.withLock { waitingCount } }
        /// The threads that have ever made a call that may block.
        var threads: Set<UInt> { condition.withLock { callers } }

        func shut() { condition.withLock { isShut = true } }

        func open() {
            condition.withLock {
                isShut = false
                condition.broadcast()
            }
        }

        private func pass() {
            condition.withLock {
                callers.insert(currentThread())
                waitingCount += 1
                while isShut { condition.wait() }
                waitingCount -= 1
            }
        }

        func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
            pass()
            try file.read(at: offset, into: region)
        }

        func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool {
            !condition.withLock({ isShut }) && file.readIfCached(at: offset, into: region)
        }

        func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
            pass()
            try file.write(at: offset, from: region)
        }

        func sync() throws(DeviceError) {
            pass()
            try file.sync()
        }

        func close() { file.close() }
    }

    private static let host: FieldLines = ["Host": "site.test"]

    private static func body(_ path: String) -> PatternBody {
        PatternBody(seed: path.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }, count: 40_000)
    }

    @Test func `while the disk hangs, hits in memory and misses are answered, and no event loop has called it`() async throws {
        let folder = try TemporaryFolder()
        let device = GatedDevice(try FileDevice(path: folder.file("v"), byteCount: 16 << 20))
        try await withScenario(
            volume: folder.file("v"),
            memoryBytes: 1 << 20,
            open: { configuration in
                try CyclicStore.open(
                    configuration,
                    device: device,
                    engine: ThreadEngine(threads: 2),
                    factory: ResponseFactory(),
                    nowSeconds: { UInt64(Clock.timestamp().milliseconds / 1000) }
                )
            }
        ) { scenario in
            // Whatever else goes wrong, nobody waits for the gate for ever.
            defer { device.open() }
            let paths = (0..<80).map { "/stored/\($0)" }
            let missed = (0..<120).map { "/missed/\($0)" }
            for path in paths + missed {
                let body = Self.body(path)
                scenario.origin.on("GET", path) { _ in .response(200, ["Cache-Control": "max-age=600"], body: .pattern(body)) }
            }
            let client = try await scenario.client()
            for path in paths { #expect(Self.body(path).matches(try await client.get(path, Self.host).body)) }
            await scenario.store.flush()

            device.shut()
            // The first have long left a memory of 1 MiB: they can come from the disk alone.
            let fromDisk = try await withThrowingTaskGroup(of: Bool.self) { group in
                for path in paths.prefix(8) {
                    group.addTask {
                        let client = try await scenario.client()
                        return Self.body(path).matches(try await client.get(path, Self.host).body)
                    }
                }
                try await eventually("both threads of the disk wait") { device.waiting == 2 }
                // In memory, since it was asked for last.
                let hot = try #require(paths.last)
                let asked = scenario.origin.requestCount
                for _ in 0..<50 { #expect(Self.body(hot).matches(try await client.get(hot, Self.host).body)) }
                #expect(scenario.origin.requestCount == asked)
                // More than the membufs hold: storing waits, the answers do not.
                for path in missed { #expect(Self.body(path).matches(try await client.get(path, Self.host).body)) }
                #expect(scenario.origin.requestCount == asked + missed.count)
                #expect(device.waiting == 2)
                device.open()
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(fromDisk == 8)
            var loops: Set<UInt> = []
            for context in scenario.proxy.contexts { loops.insert(try await context.eventLoop.submit { currentThread() }.get()) }
            #expect(device.threads.count >= 2 && device.threads.isDisjoint(with: loops))
        }
    }
}

private func currentThread() -> UInt { UInt(bitPattern: unsafeBitCast(pthread_self(), to: Int.self)) }
