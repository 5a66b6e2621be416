// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Synchronization
import Testing

@testable import CyclicStore

/// What every engine must do, for every engine of this build.
@Suite(.serialized) struct EngineConformance {
    /// `GYRE_TEST_ENGINES` names those that are tried, with commas; without it all are. One that this build does not have is an error, not left out.
    static let engines: [IOEngineKind] = {
        guard let names = ProcessInfo.processInfo.environment["GYRE_TEST_ENGINES"] else {
            return IOEngineKind.allCases.filter(\.isInProgram)
        }
        return names.split(separator: ",").map { name in
            guard let kind = IOEngineKind(rawValue: String(name)), kind.isInProgram else {
                fatalError("GYRE_TEST_ENGINES: this build has no engine \(name)")
            }
            return kind
        }
    }()

    static func start(_ kind: IOEngineKind, queueLimit: Int = 64, threads: Int = 4) throws -> any IOEngine {
        switch kind {
        case .threads: return ThreadEngine(threads: threads, queueLimit: queueLimit)
        case .posixAIO: return try POSIXAIOEngine(queueLimit: queueLimit)
        case .ioUring:
            #if IOUring && os(Linux)
            return try UringEngine(queueLimit: queueLimit)
            #else
            throw IOEngineError(engine: .ioUring, errno: 0)
            #endif
        }
    }

    @Test(arguments: engines, [false, true])
    func `what is written is read again, by page cache and directly`(kind: IOEngineKind, direct: Bool) async throws {
        try await withFile(bytes: 1 << 20, direct: direct) { device in
            let engine = try Self.start(kind)
            let written = PageBuffer(byteCount: 64 * 1024)
            for index in written.region.indices { written.region[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
            #expect(await run(engine, .write, device, 8192, written.region) == .success)
            #expect(await run(engine, .sync, device, 0, nil) == .success)
            let read = PageBuffer(byteCount: 64 * 1024)
            #expect(await run(engine, .read, device, 8192, read.region) == .success)
            #expect(read.region.elementsEqual(written.region))
            engine.shutDown()
            #expect(engine.statistics.submitted == 3 && engine.statistics.completed == 3 && engine.statistics.refused == 0)
        }
    }

    @Test(arguments: engines) func `the end of the device is an error without a number, and says where`(kind: IOEngineKind) async throws {
        try await withFile(bytes: 1 << 20, direct: false) { device in
            let engine = try Self.start(kind)
            let page = PageBuffer(byteCount: 8192)
            #expect(await run(engine, .read, device, (1 << 20) - 4096, page.region) == .failure(.read, 0, at: 1 << 20))
            #expect(await run(engine, .read, device, 1 << 21, page.region) == .failure(.read, 0, at: 1 << 21))
            engine.shutDown()
        }
    }

    @Test(arguments: engines) func `a full device is an error of the write`(kind: IOEngineKind) async throws {
        let full = try RawDevice(opening: "/dev/full")
        let engine = try Self.start(kind)
        let page = PageBuffer(byteCount: 4096)
        #expect(await run(engine, .write, full, 0, page.region) == .failure(.write, ENOSPC, at: 0))
        engine.shutDown()
        full.close()
    }

    @Test(arguments: engines) func `errors of the system arrive with their numbers`(kind: IOEngineKind) async throws {
        // Open for writing only: every read is refused.
        let device = try RawDevice(opening: "/dev/null", flags: O_WRONLY)
        let engine = try Self.start(kind)
        let page = PageBuffer(byteCount: 4096)
        #expect(await run(engine, .read, device, 0, page.region) == .failure(.read, EBADF, at: 0))
        // A character device has nothing to sync.
        #expect(await run(engine, .sync, device, 0, nil) == .failure(.sync, EINVAL, at: 0))
        engine.shutDown()
        device.close()
    }

    @Test(arguments: engines) func `a device without a descriptor is served by its own calls`(kind: IOEngineKind) async throws {
        let device = SimulatedDevice(byteCount: 1 << 20, seed: 1)
        let engine = try Self.start(kind)
        let page = PageBuffer(byteCount: 4096)
        page.region.initializeMemory(as: UInt8.self, repeating: 7)
        #expect(await run(engine, .write, device, 4096, page.region) == .success)
        page.region.zero()
        #expect(await run(engine, .read, device, 4096, page.region) == .success)
        #expect(page.region.allSatisfy { $0 == 7 })
        device.setFailsAll(true)
        #expect(await run(engine, .read, device, 4096, page.region) == .failure(.read, EIO, at: 4096))
        #expect(await run(engine, .sync, device, 0, nil) == .failure(.sync, EIO, at: 0))
        engine.shutDown()
    }

    @Test(arguments: engines) func `many threads get each their own bytes, and every completion comes once`(kind: IOEngineKind) async throws
    {
        try await withFile(bytes: 4 << 20, direct: true) { device in
            let engine = try Self.start(kind, queueLimit: 16)
            let pages = (4 << 20) / 4096
            let page = PageBuffer(byteCount: 4096)
            for number in 0..<pages {
                page.region.bindMemory(to: UInt64.self).update(repeating: UInt64(number))
                try device.write(at: number * 4096, from: UnsafeRawBufferPointer(page.region))
            }
            let wrong = await withTaskGroup(of: Int.self) { tasks in
                for worker in 0..<8 {
                    tasks.addTask {
                        var random = SeededRandom(seed: UInt64(worker))
                        var wrong = 0
                        let page = PageBuffer(byteCount: 4096)
                        for step in 0..<300 {
                            let number = Int(random.next() % UInt64(pages))
                            let writes = step % 4 == 0
                            page.region.bindMemory(to: UInt64.self).update(repeating: writes ? UInt64(number) : .max)
                            // Refused ones are tried again: the queue is shorter than the crowd.
                            while await run(engine, writes ? .write : .read, device, number * 4096, page.region) != .success {
                                await Task.yield()
                            }
                            if !page.region.bindMemory(to: UInt64.self).allSatisfy({ $0 == UInt64(number) }) { wrong += 1 }
                        }
                        return wrong
                    }
                }
                return await tasks.reduce(0, +)
            }
            #expect(wrong == 0)
            engine.shutDown()
            #expect(engine.statistics.completed == 2400 && engine.statistics.inFlight == 0)
        }
    }

    @Test(arguments: engines)
    func `a full queue refuses, loses nothing, and full reads leave room for writes`(kind: IOEngineKind) async throws {
        try await withFile(bytes: 1 << 20, direct: false) { device in
            let stalled = try PipeDevice()
            let engine = try Self.start(kind, queueLimit: 8, threads: 4)
            let buffers = (0..<20).map { _ in PageBuffer(byteCount: 1) }
            let finished = Atomic<Int>(0)
            var taken = 0
            for buffer in buffers {
                let isTaken = engine.submit(
                    IOOperation(kind: .read, device: stalled, region: buffer.region) { error in
                        #expect(error == nil)
                        finished.add(1, ordering: .relaxed)
                    }
                )
                if isTaken { taken += 1 }
            }
            // Threads hold one each beside what waits; they may not have come for it yet.
            #expect(taken >= 8 && taken <= (kind == .threads ? 12 : 8))
            #expect(engine.statistics.refused == 20 - taken)
            // Nothing can have finished: the pipe is empty.
            #expect(finished.load(ordering: .relaxed) == 0)
            // One write finds room though reads fill their direction. It completes once the engine gets to it.
            let page = PageBuffer(byteCount: 4096)
            let written = Atomic<Bool>(false)
            let isWriteTaken = engine.submit(
                IOOperation(kind: .write, device: device, region: page.region) { error in
                    #expect(error == nil)
                    written.store(true, ordering: .relaxed)
                }
            )
            #expect(isWriteTaken)
            stalled.feed(taken)
            // Stopping finishes what was taken.
            engine.shutDown()
            #expect(finished.load(ordering: .relaxed) == taken)
            let wasWritten = written.load(ordering: .relaxed)
            #expect(wasWritten)
            #expect(engine.statistics.inFlight == 0 && engine.statistics.inFlightMax >= 8)
            #expect(!engine.submit(IOOperation(kind: .sync, device: device) { _ in Issue.record("completed after the stop") }))
            engine.shutDown()
            stalled.close()
        }
    }

    @Test(arguments: engines) func `a completion may submit the next operation`(kind: IOEngineKind) async throws {
        try await withFile(bytes: 1 << 20, direct: false) { device in
            let engine = try Self.start(kind, queueLimit: 1, threads: 1)
            let chain = Chain(engine, device, length: 500)
            await chain.run()
            engine.shutDown()
            #expect(engine.statistics.completed >= 500)
        }
    }

    /// Reads one page after another, each submitted by the completion of the last.
    private final class Chain: Sendable {
        let engine: any IOEngine
        let device: any BlockDevice
        let page = PageBuffer(byteCount: 4096)
        let left: Atomic<Int>

        init(_ engine: any IOEngine, _ device: any BlockDevice, length: Int) {
            self.engine = engine
            self.device = device
            left = Atomic(length)
        }

        func run() async {
            await withCheckedContinuation { continuation in step { continuation.resume() } }
        }

        private func step(_ done: @escaping @Sendable () -> Void) {
            let taken = engine.submit(
                IOOperation(kind: .read, device: device, region: page.region) { [self] error in
                    #expect(error == nil)
                    guard left.subtract(1, ordering: .relaxed).newValue > 0 else { return done() }
                    step(done)
                }
            )
            #expect(taken, "an operation that is complete makes room for the next")
            if !taken { done() }
        }
    }

    @Test(arguments: engines) func `a store works with every engine`(kind: IOEngineKind) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        for direct in [false, true] {
            var configuration = StoreConfiguration()
            configuration.volumePath = folder.path("volume-\(direct)")
            configuration.stripeBytes = 64 * 1024
            configuration.volumeBytes = 33 * 64 * 1024
            configuration.memoryBytes = 0
            configuration.ioEngine = kind
            configuration.directIO = direct
            let store = try CyclicStore.open(configuration)
            for number in 0..<400 {
                while store.put(object(store, number)) != nil {
                    await withCheckedContinuation { done in if !store.whenRoom({ done.resume() }) { done.resume() } }
                }
            }
            await withCheckedContinuation { done in store.flush { done.resume() } }
            var found = 0
            for number in 0..<400 {
                let lookup = await withCheckedContinuation { done in
                    store.get(store.key(Array("key-\(number)".utf8))) { done.resume(returning: $0) }
                }
                guard case .found(let some, _) = lookup, let plain = some as? PlainObject else { continue }
                found += 1
                #expect(plain.withPayload { $0.elementsEqual(SimulatedStore.body(number, version: 0, count: 5000)) })
            }
            #expect(found > 200)
            let statistics = store.statistics
            #expect(statistics.engine.completed > 0)
            await store.close()
        }
    }

    private func object(_ store: CyclicStore, _ number: Int) -> PlainObject {
        PlainObject(
            RecordImage(
                kind: .object,
                key: store.key(Array("key-\(number)".utf8)),
                metadata: [],
                payload: .copy(of: SimulatedStore.body(number, version: 0, count: 5000))
            )
        )
    }

    #if !IOUring
    @Test func `an engine that is not in the program is refused with a sentence that says how to get it`() {
        var configuration = StoreConfiguration()
        configuration.ioEngine = .ioUring
        let error = #expect(throws: StoreError.self) { try CyclicStore.open(configuration) }
        #expect(error?.reason == .configuration)
        #expect(error?.description.contains("--traits IOUring") == true)
    }
    #endif

    @Test func `what the kernel forbids is said in words`() {
        let error = IOEngineError(engine: .ioUring, errno: EPERM)
        #expect(error.description.contains("seccomp") && error.description.contains("threads"))
        #expect(IOEngineError(engine: .ioUring, errno: ENOSYS).description.contains("5.6"))
    }
}

#if IOUring && os(Linux)
/// Rings so small that they are full at once.
@Suite struct UringRoomTests {
    @Test(arguments: [(1, 1), (1, 2), (2, 4), (4, 8)])
    func `a tiny ring refuses when it is full and loses nothing`(submissions: Int, completions: Int) throws {
        let stalled = try PipeDevice()
        let engine = try UringEngine(queueLimit: 1000, submissionEntries: submissions, completionEntries: completions)
        let finished = Atomic<Int>(0)
        let buffers = (0..<64).map { _ in PageBuffer(byteCount: 1) }
        // Several rounds, so that the rings turn over many times.
        for round in 1...50 {
            var taken = 0
            for buffer in buffers {
                let isTaken = engine.submit(
                    IOOperation(kind: .read, device: stalled, region: buffer.region) { error in
                        #expect(error == nil)
                        finished.add(1, ordering: .releasing)
                    }
                )
                if isTaken { taken += 1 }
            }
            // The completion ring has a power of two, one place of which is kept for the end.
            #expect(taken >= 1 && taken < max(2, completions), "round \(round)")
            #expect(engine.statistics.inFlight == taken)
            stalled.feed(taken)
            while engine.statistics.inFlight > 0 { sched_yield() }
        }
        engine.shutDown()
        #expect(finished.load(ordering: .acquiring) == engine.statistics.submitted)
        #expect(engine.statistics.refused + engine.statistics.submitted == 50 * 64)
        stalled.close()
    }
}
#endif
