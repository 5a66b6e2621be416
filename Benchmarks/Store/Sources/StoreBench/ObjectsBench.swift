// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc
import Synchronization

/// The store as an object cache, step by step as the drivers of RocksDB and LMDB do it: puts, a restart, hits and misses at random.
struct ObjectsBench {
    let options: Options
    let path: String
    let count: Int
    let seconds: Double
    let depth: Int

    init(_ options: Options) {
        self.options = options
        path = options.text("directory", "/tmp") + "/objects.volume"
        count = options.int("count", 50_000)
        seconds = options.double("seconds", 4)
        depth = options.int("depth", 8)
    }

    func run() async throws {
        unlink(path)
        let subject = options.int("direct", 1) == 1 ? "gyre, direct" : "gyre"
        var configuration = benchConfiguration(options, path: path, bytes: count * 41_500 * 5 / 4)
        configuration.ioThreads = options.int("threads", 8)
        var store = try CyclicStore.open(configuration)
        var random = Random(1)
        var bytes = 0
        var processor = processorSeconds()
        var start = now()
        for number in 0..<count {
            let size = 16384 + random.below(49153)
            bytes += size
            await store.putWaiting(BenchObject(store.benchKey(number), number: number, bytes: size))
        }
        await store.flushed()
        await syncFile()
        var elapsed = Double(now() - start) / 1e9
        report(
            "objects",
            subject,
            [
                ("putMBPerSecond", Double(bytes) / elapsed / 1e6),
                ("putProcessorUs", (processorSeconds() - processor) * 1e6 / Double(count)),
            ]
        )
        let resident = residentBytes()
        await store.close()
        dropCache(path)
        start = now()
        store = try CyclicStore.open(configuration)
        // Serving means a hit.
        while await !isFound(store, 17) { await Task.yield() }
        elapsed = Double(now() - start) / 1e9
        report("objects", subject, [("restartMs", elapsed * 1000), ("residentMB", Double(resident) / 1e6)])
        for absent in [false, true] {
            processor = processorSeconds()
            start = now()
            let seed = start
            let end = start + UInt64(seconds * 1e9)
            let tally = Tally()
            let (thisStore, count) = (store, count)
            await withTaskGroup(of: Void.self) { tasks in
                for worker in 0..<depth {
                    tasks.addTask {
                        var random = Random(UInt64(worker) + seed)
                        var samples = Samples()
                        while now() < end {
                            let key = thisStore.benchKey(random.below(count), absent: absent)
                            let begin = now()
                            let lookup = await withUnsafeContinuation { done in thisStore.get(key) { done.resume(returning: $0) } }
                            samples.add(now() - begin)
                            if case .found = lookup { tally.found.add(1, ordering: .relaxed) }
                        }
                        tally.samples.withLock { $0.add(samples) }
                    }
                }
            }
            let samples = tally.samples.withLock { $0 }
            let found = tally.found.load(ordering: .relaxed)
            let quantiles = samples.microseconds([0.5, 0.99])
            elapsed = Double(now() - start) / 1e9
            precondition(absent ? found == 0 : found > samples.count * 9 / 10)
            let prefix = absent ? "miss" : "hit"
            report(
                "objects",
                subject,
                [
                    ("\(prefix)PerSecond", Double(samples.count) / elapsed), ("\(prefix)P50us", quantiles[0]),
                    ("\(prefix)P99us", quantiles[1]),
                    ("\(prefix)ProcessorUs", (processorSeconds() - processor) / Double(max(1, samples.count)) * 1e6),
                ]
            )
        }
        await store.close()
        unlink(path)
    }

    private final class Tally: Sendable {
        let samples = Mutex(Samples())
        let found = Atomic<Int>(0)
    }

    private func isFound(_ store: CyclicStore, _ number: Int) async -> Bool {
        let lookup = await withCheckedContinuation { done in store.get(store.benchKey(number)) { done.resume(returning: $0) } }
        if case .found = lookup { return true }
        return false
    }

    private func syncFile() async {
        let descriptor = open(path, O_RDONLY)
        fsync(descriptor)
        close(descriptor)
    }
}

/// Writes a file out and makes the system forget its pages: the next reads come from the disk.
func dropCache(_ path: String) {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    close(descriptor)
}
