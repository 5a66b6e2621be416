// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc
import Synchronization

/// Gets from the disk beside bare `pread` of the same bytes at the same depth, in turn, while both write at a share of the disk's bandwidth.
struct GetBench {
    let options: Options
    let directory: String
    let byteCount: Int
    let depth: Int
    let seconds: Double
    let rounds: Int
    /// Of the bandwidth of sequential direct writes.
    let writeShare: Double
    let objectBytes: Int

    init(_ options: Options) {
        self.options = options
        directory = options.text("directory", "/tmp")
        byteCount = options.int("bytes", 4 << 30)
        depth = options.int("depth", 4)
        seconds = options.double("seconds", 4)
        rounds = options.int("rounds", 5)
        writeShare = options.double("write", 0.5)
        objectBytes = options.int("object", 32 << 10)
    }

    func run() async throws {
        let raw = RawFile(path: directory + "/raw", byteCount: byteCount)
        var configuration = benchConfiguration(options, path: directory + "/get.volume", bytes: byteCount)
        configuration.ioThreads = options.int("threads", depth + 1)
        let store = try CyclicStore.open(configuration)
        let objects = StoredObjects(store, payload: objectBytes - 64 - 38)
        await objects.write(bytes: byteCount * 5 / 4)
        await store.flushed()
        let bandwidth = writeBandwidth(raw)
        report("get", "write bandwidth", [("MBPerSecond", bandwidth / 1e6)])
        for _ in 0..<rounds {
            let before = store.statistics.volume
            await gets(store, objects, bandwidth * writeShare)
            let after = store.statistics.volume
            let reads = (after?.deviceReads ?? 0) - (before?.deviceReads ?? 0)
            let bytes = (after?.deviceBytesRead ?? 0) - (before?.deviceBytesRead ?? 0)
            // The same size, and the same alignment, as what the store reads.
            bare(raw, readBytes: ((bytes / max(1, reads)) + 511) / 512 * 512, bandwidth * writeShare)
        }
        await store.close()
        raw.close()
    }

    private func writeBandwidth(_ raw: RawFile) -> Double {
        let start = now()
        let count = 1024
        for step in 0..<count { raw.write(at: step << 20, bytes: 1 << 20) }
        return Double(count << 20) / (Double(now() - start) / 1e9)
    }

    private func finish(_ subject: String, _ samples: Samples, _ start: UInt64, _ processor: Double, _ extra: [(String, Double)]) {
        let quantiles = samples.microseconds([0.5, 0.9, 0.99, 0.999])
        let elapsed = Double(now() - start) / 1e9
        report(
            "get",
            subject,
            [
                ("depth", Double(depth)), ("writeShare", writeShare), ("perSecond", Double(samples.count) / elapsed),
                ("p50us", quantiles[0]),
                ("p90us", quantiles[1]), ("p99us", quantiles[2]), ("p999us", quantiles[3]),
                ("processorUs", (processorSeconds() - processor) / Double(max(1, samples.count)) * 1e6),
            ] + extra
        )
    }

    private func bare(_ raw: RawFile, readBytes: Int, _ writeRate: Double) {
        let all = Mutex(Samples())
        let written = Atomic<Int>(0)
        let processor = processorSeconds()
        let start = now()
        let end = start + UInt64(seconds * 1e9)
        onThreads(depth + (writeRate > 0 ? 1 : 0)) { number in
            if number == depth {
                var pace = Pace(bytesPerSecond: writeRate)
                var step = 0
                while now() < end {
                    sleep(nanoseconds: pace.wait(for: 1 << 20))
                    raw.write(at: (step << 20) % raw.byteCount, bytes: 1 << 20)
                    step += 1
                }
                written.store(step << 20, ordering: .relaxed)
                return
            }
            let memory = alignedMemory(readBytes)
            var random = Random(UInt64(number) &+ start)
            var samples = Samples()
            while true {
                let offset = random.below((raw.byteCount - readBytes) / 512) * 512
                let begin = now()
                if begin >= end { break }
                raw.read(at: offset, into: memory)
                samples.add(now() - begin)
            }
            all.withLock { $0.add(samples) }
            free(memory.baseAddress)
        }
        finish(
            "raw",
            all.withLock { $0 },
            start,
            processor,
            [
                ("readBytes", Double(readBytes)),
                ("writtenMBPerSecond", Double(written.load(ordering: .relaxed)) / (Double(now() - start) / 1e9) / 1e6),
            ]
        )
    }

    private func gets(_ store: CyclicStore, _ objects: StoredObjects, _ writeRate: Double) async {
        let processor = processorSeconds()
        let start = now()
        let end = start + UInt64(seconds * 1e9)
        let before = store.statistics.volume
        let load = GetLoad(store, objects, until: end)
        load.start(depth: depth)
        if writeRate > 0 {
            var pace = Pace(bytesPerSecond: writeRate)
            while now() < end {
                // As fills come: in small steps, not a stripe at once.
                try? await Task.sleep(nanoseconds: pace.wait(for: objectBytes * 4))
                for _ in 0..<4 { await objects.writeOne() }
            }
        }
        await load.finished()
        let after = store.statistics.volume
        let elapsed = Double(now() - start) / 1e9
        finish(
            "gyre",
            load.samples,
            start,
            processor,
            [
                ("misses", Double(load.misses)),
                ("fromMembuf", Double((after?.membufReads ?? 0) - (before?.membufReads ?? 0))),
                ("writtenMBPerSecond", Double((after?.deviceBytesWritten ?? 0) - (before?.deviceBytesWritten ?? 0)) / elapsed / 1e6),
            ]
        )
    }
}

/// Objects of one size that are written one after another; the newest are there.
final class StoredObjects: Sendable {
    private let store: CyclicStore
    private let payload: Int
    private let count = Atomic<Int>(0)
    private let live: Int

    init(_ store: CyclicStore, payload: Int) {
        self.store = store
        self.payload = payload
        // What is surely there: less than a turn, a little for clean stripes and footers taken off.
        live = store.maxObjectBytes * 2 / (payload + 200) * 9 / 10
    }

    func write(bytes: Int) async {
        for _ in 0..<(bytes / payload) { await writeOne() }
    }

    func writeOne() async {
        let number = count.load(ordering: .relaxed)
        await store.putWaiting(BenchObject(store.benchKey(number), number: number, bytes: payload))
        count.store(number + 1, ordering: .releasing)
    }

    /// The key of an object that is there, and not in a membuf.
    func anyKey(_ random: inout Random) -> StoreKey {
        let newest = count.load(ordering: .acquiring) - 300
        return store.benchKey(newest - random.below(min(newest, live - 300)))
    }
}

/// Keeps a number of gets under way; each is begun by the completion of the one before.
final class GetLoad: Sendable {
    private let store: CyclicStore
    private let objects: StoredObjects
    private let end: UInt64
    private let state = Mutex(State())

    private struct State {
        var samples = Samples()
        var misses = 0
        var running = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    init(_ store: CyclicStore, _ objects: StoredObjects, until end: UInt64) {
        self.store = store
        self.objects = objects
        self.end = end
    }

    var samples: Samples { state.withLock { $0.samples } }
    var misses: Int { state.withLock { $0.misses } }

    func start(depth: Int) {
        state.withLock { $0.running = depth }
        for number in 0..<depth { Worker(self, Random(UInt64(number) &+ now())).run() }
    }

    func finished() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiter = continuation }
                return state.running == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func finish(_ samples: Samples, misses: Int) {
        let waiter = state.withLock { state in
            state.samples.add(samples)
            state.misses += misses
            state.running -= 1
            return state.running == 0 ? state.waiter : nil
        }
        waiter?.resume()
    }

    private final class Worker: @unchecked Sendable {
        // Unchecked: one step at a time.
        private let load: GetLoad
        private var random: Random
        private var samples = Samples()
        private var misses = 0

        init(_ load: GetLoad, _ random: Random) {
            self.load = load
            self.random = random
        }

        /// A get that ends at once is followed here, not in its completion: otherwise each would deepen the stack.
        func run() {
            while true {
                let begin = now()
                guard begin < load.end else { return load.finish(samples, misses: misses) }
                let key = load.objects.anyKey(&random)
                let started = now()
                // 0: under way; 1: completed; 2: run() has gone on.
                let phase = Box()
                load.store.get(key) { [self] lookup in
                    samples.add(now() - started)
                    if case .miss = lookup { misses += 1 }
                    if phase.value.exchange(1, ordering: .acquiringAndReleasing) == 2 { run() }
                }
                if phase.value.exchange(2, ordering: .acquiringAndReleasing) != 1 { return }
            }
        }

        private final class Box: Sendable { let value = Atomic<Int>(0) }
    }
}
