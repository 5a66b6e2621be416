// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc
import Synchronization

/// Where the time of a get goes that is not the disk's: the same get on a device that is memory, beside its parts alone. One at a time.
struct PathBench {
    let seconds: Double
    let rounds: Int
    let options: Options

    init(_ options: Options) {
        self.options = options
        seconds = options.double("seconds", 2)
        rounds = options.int("rounds", 5)
    }

    /// Memory that is read and written like a disk, on the engine's threads.
    private final class MemoryDevice: BlockDevice, @unchecked Sendable {
        // Unchecked: the store never reads what it writes at the same time.
        private let memory: UnsafeMutableRawBufferPointer
        let byteCount: Int
        let alignment = 512

        init(_ byteCount: Int) {
            self.byteCount = byteCount
            memory = alignedMemory(byteCount)
        }

        func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
            guard offset + region.count <= byteCount else { throw DeviceError(.read, errno: 0, offset: offset) }
            region.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + region.count]))
        }

        func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }

        func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
            guard offset + region.count <= byteCount else { throw DeviceError(.write, errno: 28, offset: offset) }
            memory[offset..<offset + region.count].copyBytes(from: region)
        }

        func sync() throws(DeviceError) {}
        func close() {}
    }

    func run() async throws {
        let only = options.int("get", 0)
        if only > 0 { return try await get(only) }
        for _ in 0..<rounds {
            copy(32 << 10)
            for threads in [1, 2] { hop(threads) }
            for bytes in [1 << 10, 32 << 10] { try await get(bytes) }
        }
    }

    private func tell(_ subject: String, _ samples: Samples) {
        let quantiles = samples.microseconds([0.5, 0.9, 0.99])
        report("path", subject, [("p50us", quantiles[0]), ("p90us", quantiles[1]), ("p99us", quantiles[2])])
    }

    private func copy(_ bytes: Int) {
        let target = alignedMemory(bytes)
        var random = Random(now())
        var samples = Samples()
        let end = now() + UInt64(seconds * 1e9)
        while true {
            let start = now()
            guard start < end else { break }
            let offset = random.below((noise.count - bytes) / 64) * 64
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: noise[offset..<offset + bytes]))
            samples.add(now() - start)
        }
        free(target.baseAddress)
        tell("a copy of \(bytes >> 10) KiB", samples)
    }

    /// An operation that does nothing, from a thread that waits for it to one of the engine's and back.
    private func hop(_ threads: Int) {
        let engine = ThreadEngine(threads: threads)
        let device = MemoryDevice(1 << 20)
        let region = alignedMemory(512)
        let waiter = Waiter()
        var samples = Samples()
        let end = now() + UInt64(seconds * 1e9)
        while true {
            let start = now()
            guard start < end else { break }
            let taken = engine.submit(IOOperation(kind: .read, device: device, offset: 0, region: region) { _ in waiter.wake() })
            precondition(taken)
            waiter.wait()
            samples.add(now() - start)
        }
        engine.shutDown()
        tell("to an I/O thread of \(threads) and back", samples)
    }

    private func get(_ bytes: Int) async throws {
        var configuration = benchConfiguration(options, path: "memory", bytes: 256 << 20)
        configuration.ioThreads = 2
        let store = try CyclicStore.open(
            configuration,
            device: MemoryDevice(256 << 20),
            engine: ThreadEngine(threads: 2),
            nowSeconds: { now() / 1_000_000_000 }
        )
        let payload = bytes - 64 - 38
        let objects = StoredObjects(store, payload: payload)
        await objects.write(bytes: 128 << 20)
        await store.flushed()
        let waiter = Waiter()
        var random = Random(now())
        var samples = Samples()
        var misses = 0
        let end = now() + UInt64(seconds * 1e9)
        while true {
            let key = objects.anyKey(&random)
            let start = now()
            guard start < end else { break }
            let found = Found()
            store.get(key) { lookup in
                found.isHit.store(lookup.object != nil, ordering: .releasing)
                waiter.wake()
            }
            waiter.wait()
            samples.add(now() - start)
            if !found.isHit.load(ordering: .acquiring) { misses += 1 }
        }
        precondition(misses == 0, "\(misses) misses")
        await store.close()
        tell("a get of \(bytes >> 10) KiB from memory as the disk", samples)
    }

    private final class Found: Sendable { let isHit = Atomic<Bool>(false) }

    /// One thread waits, another wakes it.
    private final class Waiter: @unchecked Sendable {
        // Unchecked: a semaphore is made for it.
        private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(semaphore, 0, 0) }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func wake() { sem_post(semaphore) }
        func wait() { while sem_wait(semaphore) != 0 {} }
    }
}
