// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc
import Synchronization

/// Random 4 KiB direct reads a second, for each engine and for bare `pread`, at one depth.
struct EnginesBench {
    let depth: Int
    let seconds: Double
    let path: String
    let byteCount: Int
    let rounds: Int
    static let readBytes = 4096

    init(_ options: Options) {
        depth = options.int("depth", 32)
        seconds = options.double("seconds", 3)
        path = options.text("directory", "/tmp") + "/raw"
        byteCount = options.int("bytes", 4 << 30)
        rounds = options.int("rounds", 3)
    }

    func run() async throws {
        let raw = RawFile(path: path, byteCount: byteCount)
        raw.close()
        for _ in 0..<rounds {
            bare()
            for kind in IOEngineKind.allCases { try engine(kind) }
        }
    }

    private func bare() {
        let raw = RawFile(path: path, byteCount: byteCount)
        let total = Atomic<Int>(0)
        let processor = processorSeconds()
        let start = now()
        let end = start + UInt64(seconds * 1e9)
        let latencies = Mutex(Samples())
        onThreads(depth) { number in
            let memory = alignedMemory(Self.readBytes)
            var random = Random(UInt64(number) + start)
            var samples = Samples()
            var time = now()
            while time < end {
                raw.read(at: random.below(byteCount / Self.readBytes) * Self.readBytes, into: memory)
                let after = now()
                samples.add(after - time)
                time = after
            }
            total.add(samples.count, ordering: .relaxed)
            latencies.withLock { $0.add(samples) }
            free(memory.baseAddress)
        }
        finish("bare pread, \(depth) threads", total.load(ordering: .relaxed), start, processor, latencies.withLock { $0 })
        raw.close()
    }

    private func engine(_ kind: IOEngineKind) throws {
        let device = try FileDevice(path: path, byteCount: nil, directIO: true)
        let engine: any IOEngine
        switch kind {
        case .threads: engine = ThreadEngine(threads: depth)
        case .posixAIO: engine = try POSIXAIOEngine()
        case .ioUring: engine = try UringEngine()
        }
        let processor = processorSeconds()
        let start = now()
        let load = EngineLoad(engine, device, pages: byteCount / Self.readBytes, until: start + UInt64(seconds * 1e9))
        load.run(depth: depth)
        finish(kind.rawValue, load.count, start, processor, load.samples)
        engine.shutDown()
        device.close()
    }

    private func finish(_ subject: String, _ count: Int, _ start: UInt64, _ processor: Double, _ samples: Samples) {
        let elapsed = Double(now() - start) / 1e9
        let quantiles = samples.microseconds([0.5, 0.99])
        report(
            "engines",
            subject,
            [
                ("depth", Double(depth)), ("readsPerSecond", Double(count) / elapsed), ("p50us", quantiles[0]), ("p99us", quantiles[1]),
                ("processorUs", (processorSeconds() - processor) / Double(max(1, count)) * 1e6),
            ]
        )
    }
}

/// Keeps a number of reads under way until the time is over; each is submitted by the completion of the one before.
private final class EngineLoad: Sendable {
    private let engine: any IOEngine
    private let device: FileDevice
    private let pages: Int
    private let end: UInt64
    private let state = Mutex(State())
    private let running = Atomic<Int>(0)

    private struct State {
        var samples = Samples()
        var random = Random(7)
    }

    init(_ engine: any IOEngine, _ device: FileDevice, pages: Int, until end: UInt64) {
        self.engine = engine
        self.device = device
        self.pages = pages
        self.end = end
    }

    var samples: Samples { state.withLock { $0.samples } }
    var count: Int { samples.count }

    func run(depth: Int) {
        running.store(depth, ordering: .relaxed)
        for _ in 0..<depth { submit(Slot(memory: alignedMemory(EnginesBench.readBytes))) }
        while running.load(ordering: .acquiring) > 0 { usleep(1000) }
    }

    private struct Slot: @unchecked Sendable { var memory: UnsafeMutableRawBufferPointer }

    private func submit(_ slot: Slot) {
        let offset = state.withLock { $0.random.below(pages) } * EnginesBench.readBytes
        let begin = now()
        let taken = engine.submit(
            IOOperation(kind: .read, device: device, offset: offset, region: slot.memory) { [self] error in
                precondition(error == nil)
                let time = now()
                state.withLock { $0.samples.add(time - begin) }
                if time < end {
                    submit(slot)
                } else {
                    free(slot.memory.baseAddress)
                    running.subtract(1, ordering: .releasing)
                }
            }
        )
        precondition(taken)
    }
}
