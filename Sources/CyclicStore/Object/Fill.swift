// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// An object on its way into the store, readable from its first byte to its newest while it comes.
///
/// One ``FillWriter`` brings the bytes, any number of ``FillReader``s follow. The newest bytes are shared in memory, at most
/// ``StoreConfiguration/fillMemoryBytes`` of them for all fills together beside what no fragment holds yet. A reader that falls behind reads the fragments that are stored already; where
/// these are refused or gone, it is told where it stands and goes on by other means. So no reader ever holds up the filler or another
/// reader. Reading costs a lock for each piece and no copy.
public final class Fill: @unchecked Sendable {
    /// What the object will be called.
    public let key: StoreKey
    /// What readers need to know from the start; the store does not look at it.
    public let info: any Sendable
    /// The object's length, when it is known.
    public let expectedBytes: Int?
    private let store: CyclicStore
    private let lock = Lock()
    // Everything below is guarded by `lock`.
    private var chunks: [Chunk] = []
    /// Chunks before this one have been let go.
    private var firstChunk = 0
    private var byteCount = 0
    /// Bytes before this one can be read from fragments.
    private var storedBytes = 0
    private var objectID: VolumeID?
    private var outcome: Outcome?
    private var readers: [ObjectIdentifier: @Sendable () -> Void] = [:]

    /// Some of the newest bytes, shared by all who read them.
    private struct Chunk {
        var start: Int
        var bytes: FillBytes
        /// How many of them have come.
        var count: Int
        var end: Int { start + count }
    }

    /// How a fill ended.
    public enum Outcome: Sendable, Equatable {
        /// Every byte came. It is in the store too, unless a failure says why not.
        case whole(ObjectWriter.Failure?)
        /// The filler gave up.
        case aborted
    }

    init(_ store: CyclicStore, _ key: StoreKey, info: any Sendable, expectedBytes: Int?) {
        self.store = store
        self.key = key
        self.info = info
        self.expectedBytes = expectedBytes
    }

    /// Bytes that have come so far.
    public var receivedBytes: Int { lock.locked { byteCount } }

    /// How it ended; nil while it goes on.
    public var end: Outcome? { lock.locked { outcome } }

    /// A reader that begins at a byte. One that has come or is still to come.
    public func reader(from offset: Int = 0) -> FillReader { FillReader(self, offset) }

    // MARK: The writer's side

    /// Small pieces are collected in chunks of this size.
    static let chunkBytes = 4096

    func take(copying bytes: UnsafeRawBufferPointer) {
        let isTaken = lock.locked {
            guard let last = chunks.last, firstChunk < chunks.count, last.bytes.capacity - last.count >= bytes.count else { return false }
            // Readers have been given what was there before; this is behind it.
            last.bytes.set(last.count, bytes)
            chunks[chunks.count - 1].count += bytes.count
            byteCount += bytes.count
            return true
        }
        if isTaken { return tell {} }
        let chunk = FillBytes(OwnedBytes(capacity: max(bytes.count, Self.chunkBytes)))
        chunk.set(0, bytes)
        take(chunk, count: bytes.count)
    }

    func take(_ bytes: FillBytes, count: Int) {
        tell {
            chunks.append(Chunk(start: byteCount, bytes: bytes, count: count))
            byteCount += count
        }
    }

    /// How much is in fragments now, and lets go what readers can do without.
    /// - Parameter stored: Nil: the object will not be stored, and readers have nothing but the window.
    func trim(stored: Int?, objectID: VolumeID?, windowBytes: Int) {
        lock.locked {
            storedBytes = stored ?? 0
            self.objectID = objectID
            let before = min(byteCount - windowBytes, stored ?? .max)
            while firstChunk < chunks.count, chunks[firstChunk].end <= before { firstChunk += 1 }
            if firstChunk > 32, firstChunk * 2 > chunks.count {
                chunks.removeFirst(firstChunk)
                firstChunk = 0
            }
        }
    }

    func finish(_ outcome: Outcome) {
        tell { self.outcome = outcome }
    }

    /// Changes something and wakes the readers that wait.
    private func tell(_ change: () -> Void) {
        let woken = lock.locked {
            change()
            defer { readers = [:] }
            return readers.values
        }
        for wake in woken { wake() }
    }

    // MARK: The readers' side

    enum Found {
        case bytes(FillBytes, Range<Int>)
        case fragment(StoreKey, Int, start: Int)
        case end(Outcome)
        case lost
        case nothingYet
    }

    /// What there is at a byte. With nothing, `wake` is called once when there is.
    func find(_ position: Int, for reader: FillReader, wake: @escaping @Sendable () -> Void) -> Found {
        lock.locked {
            if case .aborted? = outcome { return .end(.aborted) }
            if position >= byteCount {
                if let outcome { return .end(outcome) }
                readers[ObjectIdentifier(reader)] = wake
                return .nothingYet
            }
            if let chunk = chunk(at: position) { return .bytes(chunk.bytes, (position - chunk.start)..<chunk.count) }
            guard position < storedBytes, let objectID else { return .lost }
            let fragment = position / store.fragmentBytes
            return .fragment(
                store.key(FragmentMap.keyBytes(objectID: objectID, fragment: fragment)),
                fragment,
                start: fragment * store.fragmentBytes
            )
        }
    }

    func forget(_ reader: FillReader) {
        lock.locked { _ = readers.removeValue(forKey: ObjectIdentifier(reader)) }
    }

    func get(_ key: StoreKey, _ completion: @escaping @Sendable (CyclicStore.Lookup) -> Void) { store.get(key, completion) }

    private func chunk(at position: Int) -> Chunk? {
        guard firstChunk < chunks.count, chunks[firstChunk].start <= position else { return nil }
        var (low, high) = (firstChunk, chunks.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if chunks[middle].start <= position { low = middle } else { high = middle }
        }
        return chunks[low]
    }

    /// Bytes of memory held. For tests.
    var heldBytes: Int { lock.locked { chunks[firstChunk...].reduce(0) { $0 + $1.bytes.capacity } } }
}

/// Some bytes of a ``Fill``, shared by its readers. Which of them have come, whoever hands it out says.
public final class FillBytes: @unchecked Sendable {
    // Unchecked: bytes that were handed out never change; the filler alone writes behind them.
    private let region: UnsafeMutableRawBufferPointer
    private let offset: Int
    let capacity: Int

    init(_ bytes: consuming OwnedBytes) {
        (offset, capacity) = (bytes.offset, bytes.count)
        region = bytes.take()
    }

    deinit { OwnedBytes.free(region) }

    func set(_ position: Int, _ source: UnsafeRawBufferPointer) {
        region.part(offset + position, source.count).copyMemory(from: source)
    }

    /// The bytes of a range that was handed out.
    public func withBytes<Result>(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(region).part(offset + range.lowerBound, range.count))
    }
}
