// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc

/// Starts of a volume whose footers, footer log, marks and snapshot are real and whose records are holes.
struct RestartBench {
    let options: Options
    let path: String
    let bytes: Int
    let objectBytes: Int
    let subject: String

    init(_ options: Options) {
        self.options = options
        path = options.text("directory", "/tmp") + "/restart.volume"
        bytes = options.int("bytes", 1_000_000_000_000)
        objectBytes = options.int("object", 32 << 10)
        subject = options.text("subject", "start")
    }

    private var configuration: StoreConfiguration {
        var configuration = benchConfiguration(options, path: path, bytes: bytes)
        configuration.sparse = true
        return configuration
    }

    /// Fills the volume once, then ends as a crash does: nothing is closed. With `snapshots=0` the store never came to write its index, so that
    /// a start finds the footer log only.
    func forge() async throws {
        unlink(path)
        let file = try FileDevice(path: path, byteCount: bytes, directIO: false, space: .sparse)
        let device = HollowDevice(file, stripeBytes: configuration.stripeBytes, wholeEvery: 997)
        let engine = ThreadEngine(threads: 3)
        let store = try CyclicStore.open(configuration, device: device, engine: engine, nowSeconds: { UInt64(max(0, time(nil))) })
        let start = now()
        let payload = objectBytes - 64 - 38
        var number = 0
        // One turn, so that every stripe holds something: ends when the first stripe is taken back.
        while true {
            let object = HollowObject(store.benchKey(number), bytes: payload)
            while store.put(object) != nil {
                await withCheckedContinuation { done in if !store.whenRoom({ done.resume() }) { done.resume() } }
            }
            number += 1
            if number % 4096 == 0, options.int("snapshots", 1) == 1 { store.tick() }
            if number % 4096 == 0, (store.statistics.volume?.stripesReclaimed ?? 0) > 8 { break }
        }
        await store.flushed()
        let records = store.statistics.volume?.records ?? 0
        report(
            "forge",
            subject,
            [("seconds", Double(now() - start) / 1e9), ("puts", Double(number)), ("records", Double(records)), ("bytes", Double(bytes))]
        )
        dropCache(path)
        // For the runs to come: which keys there are.
        print("newest=\(number - 1) records=\(records)")
        exit(0)
    }

    /// One start with cold caches: time to the first hit, time until the index is complete, memory for each object. With `clean=1` it ends with a
    /// clean stop, so that the next start finds a snapshot that holds all there is. With `bare=1` it finds nothing but the stripes: both marks,
    /// which say where log and snapshot go on, are overwritten before. With `passing=N`, a memory tier and the replacement `gyre`, so many new objects
    /// come and go before memory is measured, so that the table of what was seen lately has its size.
    func run() async throws {
        if options.int("bare", 0) == 1 { try overwriteMarks() }
        dropCache(path)
        let newest = options.int("newest", 0)
        let expected = options.int("records", 0)
        let before = residentBytes()
        let start = now()
        let store = try CyclicStore.open(configuration)
        let opened = now()
        var firstHit: UInt64?
        var complete: UInt64?
        // Most records are holes: keys are tried from the newest back, round and round, until one is in a stripe that was kept.
        var step = 0
        while firstHit == nil || complete == nil {
            if complete == nil, (store.statistics.volume?.records ?? 0) >= expected * 999 / 1000, isIndexComplete(store) {
                complete = now()
            }
            guard firstHit == nil else {
                usleep(1000)
                continue
            }
            let key = store.benchKey(max(0, newest - step % 200_000))
            step += 1
            guard store.contains(key) else { continue }
            let lookup = await withCheckedContinuation { done in store.get(key) { done.resume(returning: $0) } }
            if case .found = lookup { firstHit = now() }
        }
        let passing = options.int("passing", 0)
        for number in 0..<passing {
            _ = store.put(HollowObject(store.benchKey(newest + 1 + number), bytes: objectBytes - 64 - 38))
            if number % 1024 == 0 { store.tick() }
        }
        if passing > 0 { await store.flushed() }
        // What is in the memory tier has a length and no bytes.
        let resident = residentBytes() - before
        let records = store.statistics.volume?.records ?? 0
        report(
            "restart",
            subject,
            [
                ("bytes", Double(bytes)), ("records", Double(records)), ("openedSeconds", Double(opened - start) / 1e9),
                ("firstHitSeconds", Double((firstHit ?? 0) - start) / 1e9), ("completeSeconds", Double((complete ?? 0) - start) / 1e9),
                ("indexBytesPerObject", Double(store.statistics.volume?.indexBytes ?? 0) / Double(max(1, records))),
                ("residentBytesPerObject", Double(resident) / Double(max(1, records))),
                ("residentBytesPerObjectWithoutMembufs", Double(resident - configuration.membufs << 20) / Double(max(1, records))),
                ("peakBytesPerObject", Double(peakBytes() - before) / Double(max(1, records))),
            ]
        )
        if options.int("clean", 0) == 1 {
            let closing = now()
            await store.close()
            report("restart", subject + " (stop)", [("closeSeconds", Double(now() - closing) / 1e9)])
        }
        exit(0)
    }

    /// Both copies of the mark lie before the stripes, each in a page of its own; after a start without them there is one.
    private func overwriteMarks() throws {
        let file = try FileDevice(path: path, byteCount: bytes, directIO: false, space: .sparse)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { piece.deallocate() }
        var found = 0
        for offset in stride(from: 0, to: bytes / 32, by: piece.count) where found < 2 {
            try file.read(at: offset, into: piece)
            for page in stride(from: 0, to: piece.count, by: 4096) where piece.loadUnaligned(fromByteOffset: page, as: UInt64.self) == Self.markMagic {
                found += 1
                let place = UnsafeMutableRawBufferPointer(rebasing: piece[page..<page + 4096])
                place.initializeMemory(as: UInt8.self, repeating: 0)
                try file.write(at: offset + page, from: UnsafeRawBufferPointer(place))
            }
        }
        precondition(found > 0, "there is no mark")
        try file.sync()
        file.close()
    }

    private static let markMagic: UInt64 = 0x3131_4b52_414d_5947

    private func isIndexComplete(_ store: CyclicStore) -> Bool { store.statistics.volume?.isRebuilding == false }

    private func peakBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
