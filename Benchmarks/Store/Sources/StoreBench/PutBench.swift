// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc

/// Puts of 16 to 64 KiB beside sequential direct writes of 1 MiB to a file of the same size on the same disk, in turn.
struct PutBench {
    let options: Options
    let directory: String
    let byteCount: Int
    let roundBytes: Int
    let rounds: Int

    init(_ options: Options) {
        self.options = options
        directory = options.text("directory", "/tmp")
        byteCount = options.int("bytes", 4 << 30)
        roundBytes = options.int("round", 2 << 30)
        rounds = options.int("rounds", 5)
    }

    func run() async throws {
        let raw = RawFile(path: directory + "/raw", byteCount: byteCount)
        let store = try CyclicStore.open(benchConfiguration(options, path: directory + "/put.volume", bytes: byteCount))
        var number = 0
        // One turn first: the blocks of a new file are slower to write than those of an old one.
        _ = await fill(store, &number, bytes: byteCount)
        for round in 0..<rounds {
            for depth in [1, 4] { write(raw, depth: depth, from: round * roundBytes) }
            let before = store.statistics
            let processor = processorSeconds()
            let start = now()
            let objectBytes = await fill(store, &number, bytes: roundBytes)
            let seconds = Double(now() - start) / 1e9
            let after = store.statistics
            let written = (after.volume?.deviceBytesWritten ?? 0) - (before.volume?.deviceBytesWritten ?? 0)
            report(
                "put",
                "gyre",
                [
                    ("objectMBPerSecond", Double(objectBytes) / seconds / 1e6), ("deviceMBPerSecond", Double(written) / seconds / 1e6),
                    ("deviceBytesPerObjectByte", Double(written) / Double(objectBytes)),
                    ("processorUsPerMB", (processorSeconds() - processor) * 1e6 / (Double(objectBytes) / 1e6)),
                ]
            )
        }
        await store.close()
        raw.close()
    }

    private func fill(_ store: CyclicStore, _ number: inout Int, bytes: Int) async -> Int {
        var done = 0
        var random = Random(UInt64(number) + 1)
        while done < bytes {
            let size = 16384 + random.below(49153)
            await store.putWaiting(BenchObject(store.benchKey(number), number: number, bytes: size))
            number += 1
            done += size
        }
        await store.flushed()
        return done
    }

    private func write(_ raw: RawFile, depth: Int, from: Int) {
        let processor = processorSeconds()
        let start = now()
        let each = roundBytes / depth
        onThreads(depth) { thread in
            // Side by side, as the membufs of a store lie.
            for step in 0..<(each >> 20) {
                raw.write(at: (from + ((step * depth + thread) << 20)) % raw.byteCount, bytes: 1 << 20)
            }
        }
        let seconds = Double(now() - start) / 1e9
        report(
            "put",
            "raw, \(depth) at a time",
            [
                ("deviceMBPerSecond", Double(roundBytes) / seconds / 1e6),
                ("processorUsPerMB", (processorSeconds() - processor) * 1e6 / (Double(roundBytes) / 1e6)),
            ]
        )
    }
}
