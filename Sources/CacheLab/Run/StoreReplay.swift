// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// Replays a trace through the real store on a real file: every object is written, read back and compared, as fast as the disk allows.
///
/// One request at a time: it is looked up; on a miss the object is put, once there is room for it. What the store does by its clock (it sets its tuning,
/// twenty ticks apart) it does as often for each request as ``StoreModel`` does.
package struct StoreReplay: Sendable {
    /// What came out.
    package struct Outcome: Hashable, Sendable {
        /// Hits, bytes, and what the store counts as written to its device.
        package var totals = StoreModelResult()
        /// What the system counts as written by this process meanwhile; nil where it does not tell.
        package var systemBytesWritten: Int?
        /// Bytes of the volume's stripes: what ``StoreModel`` is to be given.
        package var stripeBytesInAll = 0
        package var stripeBytes = 0
        /// Objects that left memory while too many waited for the disk. When it is not 0 the disk was too slow for a comparison.
        package var departuresDropped = 0
        /// Records that were worth carrying forward and found no room.
        package var relocationsDropped = 0
        /// The tuning at the end, where it was set while running.
        package var tuning: Tuning?
        /// Hits whose bytes were not those that were put: never.
        package var wrongBytes = 0
    }

    package let trace: Trace
    package let path: String
    /// Whether the page cache is bypassed, so that the system counts each write.
    package var directIO = true

    package init(_ trace: Trace, path: String) {
        self.trace = trace
        self.path = path
    }

    /// Runs one configuration on a volume that is made anew at the path; the caller removes it.
    /// - Parameters:
    ///   - systemBytesWritten: What the system counts as written by this process so far.
    ///   - progress: Told of requests done since it was last called.
    /// - Throws: ``StoreError`` when the volume cannot be made.
    package func run(
        _ model: StoreModelConfiguration,
        systemBytesWritten: () -> Int? = { nil },
        progress: (Int) -> Void = { _ in }
    ) async throws -> Outcome {
        var configuration = StoreConfiguration()
        configuration.stripeBytes = min(16 << 20, max(64 << 10, model.effectiveStripeBytes))
        // What is not a stripe (superblock, journal, logs, snapshots) comes on top.
        configuration.volumeBytes = model.volumeBytes + model.volumeBytes / 64 + 2 * configuration.stripeBytes + (1 << 20)
        configuration.memoryBytes = model.memoryBytes
        configuration.replacement = model.replacement
        configuration.byteShare = Double(model.byteShare)
        configuration.writtenByteCost = Double(model.writtenByteCost)
        configuration.writeBytesPerSecond = model.bytesPerSecond
        configuration.writeBytesPerDay = model.bytesPerDay
        configuration.partialFlushSeconds = 86_400
        let device = try FileDevice(path: path, byteCount: configuration.volumeBytes, directIO: directIO)
        let clock = ReplayClock()
        let store = try CyclicStore.open(
            configuration,
            device: device,
            name: path,
            engine: ThreadEngine(threads: 4),
            nowSeconds: { clock.seconds },
            entropy: Self.entropy(model.seed)
        )
        // What waits is tried again at ticks, also while this waits for it.
        let ticking = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(100))
                store.tick()
            }
        }
        let before = systemBytesWritten()
        var outcome = Outcome()
        var untilTick = Self.requestsPerTick
        var told = 0
        for (position, request) in trace.requests.enumerated() {
            clock.advance(to: request.seconds)
            if await !answer(request, store, &outcome) {
                untilTick -= 1
                if untilTick == 0 {
                    store.tick()
                    untilTick = Self.requestsPerTick
                }
            }
            if position - told >= 4096 {
                progress(position - told)
                told = position
            }
        }
        progress(trace.requests.count - told)
        await store.flush()
        let statistics = store.statistics
        outcome.totals.deviceBytesWritten = statistics.volume?.deviceBytesWritten ?? 0
        outcome.totals.recordsWritten = statistics.volume?.recordsWritten ?? 0
        outcome.totals.recordsRelocated = statistics.volume?.recordsRelocated ?? 0
        outcome.totals.relocatedBytes = statistics.volume?.recordBytesRelocated ?? 0
        outcome.totals.stripesKept = statistics.volume?.stripesKept ?? 0
        outcome.totals.recordsDropped = statistics.volume?.recordsReclaimed ?? 0
        if case .gyre = model.replacement {
            outcome.totals.admission = statistics.admission
            outcome.tuning = store.tuning
        }
        outcome.relocationsDropped = statistics.volume?.relocationsDropped ?? 0
        outcome.totals.hotStripesReplaced = statistics.volume?.hotStripesReplaced ?? 0
        outcome.departuresDropped = statistics.departuresDropped
        outcome.stripeBytes = configuration.stripeBytes
        outcome.stripeBytesInAll = (statistics.volume?.stripes ?? 0) * configuration.stripeBytes
        if let before, let after = systemBytesWritten() { outcome.systemBytesWritten = after - before }
        ticking.cancel()
        await ticking.value
        await store.close()
        return outcome
    }

    /// The model sets its tuning every 256 requests that memory did not answer; the store every 20 ticks.
    private static let requestsPerTick = 13

    /// True when it was a hit in memory.
    private func answer(_ request: TraceRequest, _ store: CyclicStore, _ outcome: inout Outcome) async -> Bool {
        let bytes = Int(request.bytes)
        outcome.totals.requests += 1
        outcome.totals.requestedBytes += bytes
        let key = store.key(Self.name(request.object))
        var (found, tier): ((any StoredObject)?, CyclicStore.Tier) = (nil, .memory)
        switch await store.get(key) {
        case .found(let object, let place), .stale(let object, let place): (found, tier) = (object, place)
        case .miss: break
        }
        if let found, await isWhole(found, request, store, &outcome) {
            if tier == .memory { outcome.totals.memoryHits += 1 } else { outcome.totals.diskHits += 1 }
            outcome.totals.hitBytes += bytes
            return tier == .memory
        }
        // Before the object is offered, so that it is offered once: the admission remembers.
        while await waitForRoom(key, store) {}
        if bytes <= store.maxInlineBytes {
            store.put(PlainObject(key, bytes: Array(Self.body(request))))
        } else {
            // A refusal is an answer too: what is too large for the volume is not kept.
            try? await store.put(key, body: PieceSequence(body: Self.body(request)), expectedBytes: bytes)
        }
        return false
    }

    private func isWhole(_ object: any StoredObject, _ request: TraceRequest, _ store: CyclicStore, _ outcome: inout Outcome) async -> Bool
    {
        let expected = Self.body(request)
        var position = 0
        do {
            for try await piece in store.pieces(of: object) {
                let isEqual = piece.withBytes { bytes in
                    let wanted = expected.dropFirst(position).prefix(bytes.count)
                    position += bytes.count
                    return wanted.withUnsafeBytes { $0.count == bytes.count && $0.elementsEqual(bytes) }
                }
                if isEqual != true { outcome.wrongBytes += 1 }
            }
        } catch { return false }
        // An object whose size changed is fetched anew.
        return position == expected.count
    }

    private func waitForRoom(_ key: StoreKey, _ store: CyclicStore) async -> Bool {
        await withCheckedContinuation { continuation in
            if store.whenRoom(for: key, { continuation.resume(returning: true) }) == nil { continuation.resume(returning: false) }
        }
    }

    private static func name(_ object: UInt32) -> [UInt8] { withUnsafeBytes(of: object.littleEndian) { Array($0) } }

    /// Bytes that follow from the object and its size.
    private static func body(_ request: TraceRequest) -> ArraySlice<UInt8> {
        let bytes = Int(request.bytes)
        let start = Int(Trace.hash(of: request.object).high % UInt64(pattern.count / 2))
        guard start + bytes <= pattern.count else {
            var long: [UInt8] = []
            long.reserveCapacity(bytes)
            while long.count < bytes { long += pattern.prefix(bytes - long.count) }
            return long[...]
        }
        return pattern[start..<(start + bytes)]
    }

    private static let pattern: [UInt8] = {
        var random = SeededRandom(seed: 11)
        return (0..<(1 << 20)).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }()

    private static func entropy(_ seed: UInt64) -> @Sendable () -> UInt64 {
        let words = SeededWords(seed)
        return { words.next() }
    }
}

/// A body in pieces, as it would come from an origin.
private struct PieceSequence: AsyncSequence {
    let body: ArraySlice<UInt8>

    struct Iterator: AsyncIteratorProtocol {
        var left: ArraySlice<UInt8>

        mutating func next() async -> [UInt8]? {
            guard !left.isEmpty else { return nil }
            defer { left = left.dropFirst(64 << 10) }
            return Array(left.prefix(64 << 10))
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(left: body) }
}
