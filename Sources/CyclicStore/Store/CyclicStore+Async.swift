// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The same calls for code that awaits. Each stays on the caller's actor and costs one continuation; what is in memory costs none.
extension CyclicStore {
    /// Finds an object in memory, a membuf or on the disk: see ``get(_:_:)``.
    public func get(_ key: StoreKey, isolation: isolated (any Actor)? = #isolation) async -> Lookup {
        await withCheckedContinuation { continuation in get(key) { continuation.resume(returning: $0) } }
    }

    /// Returns when what was stored before is on the devices, or has failed to get there: see ``flush(_:)``.
    public func flush(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in flush { continuation.resume() } }
    }

    /// Purges, and returns when that is durable: see ``purge(_:mode:_:)``.
    @discardableResult
    public func purge(
        _ scope: PurgeScope,
        mode: PurgeMode = .hard,
        isolation: isolated (any Actor)? = #isolation
    ) async -> PurgeOutcome {
        await withCheckedContinuation { continuation in purge(scope, mode: mode) { continuation.resume(returning: $0) } }
    }

    /// The bytes of an object, or a range of them, in pieces that are read as they are asked for. Memory: two fragments.
    public func pieces(of object: any StoredObject, range: Range<UInt64>? = nil) -> ObjectPieces {
        ObjectPieces(store: self, object: object, range: range)
    }

    /// Stores an object from a sequence of any length. The sequence is asked for more only when there is room for it. With a `group` it lies beside
    /// others that have the same: see ``put(_:group:)``.
    ///
    /// - Throws: What the sequence throws, ``ObjectWriter/Failure``, or `CancellationError` when the task is cancelled while it waits for
    ///   room. Nothing of the object stays then.
    public func put<Body: AsyncSequence>(
        _ key: StoreKey,
        metadata: [UInt8] = [],
        body: Body,
        expectedBytes: Int? = nil,
        tags: [UInt64] = [],
        group: UInt64? = nil,
        isolation: isolated (any Actor)? = #isolation
    ) async throws where Body.Element == [UInt8] {
        let writer = ObjectWriter(store: self, key: key, expectedBytes: expectedBytes)
        // Without an end of its own it aborts when it is dropped.
        var pieces = body.makeAsyncIterator()
        while writer.failure == nil, let piece = try await pieces.next(isolation: isolation) {
            piece.withUnsafeBytes { writer.append($0) }
            try await writer.room()
        }
        writer.finish(metadata: metadata, tags: tags, group: group)
        try await writer.room()
        if let failure = writer.failure { throw failure }
    }
}

extension ObjectWriter {
    /// Returns when the writer is not blocked any more; at once when it is not.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func room(isolation: isolated (any Actor)? = #isolation) async throws(CancellationError) {
        while isBlocked {
            let wait = Wake()
            if whenRoom({ wait.wake() }) {
                await withTaskCancellationHandler {
                    await withCheckedContinuation { wait.sleep($0) }
                } onCancel: {
                    wait.wake()
                }
            }
            guard !Task.isCancelled else { throw CancellationError() }
            resume()
        }
    }
}

/// A continuation that is resumed once, by whoever comes first, also before it is there.
private final class Wake: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var continuation: CheckedContinuation<Void, Never>?
    private var isAwake = false

    func sleep(_ continuation: CheckedContinuation<Void, Never>) {
        let isAwake = lock.locked {
            if !self.isAwake { self.continuation = continuation }
            return self.isAwake
        }
        if isAwake { continuation.resume() }
    }

    func wake() {
        let sleeper = lock.locked {
            isAwake = true
            return continuation.take()
        }
        sleeper?.resume()
    }
}

extension ObjectReader {
    /// Brings the next piece: see ``next(_:)``.
    public func next(isolation: isolated (any Actor)? = #isolation) async -> Piece {
        await withCheckedContinuation { continuation in next { continuation.resume(returning: $0) } }
    }
}

extension FillReader {
    /// Brings the next piece: see ``next(_:)``. Ends with ``Piece/aborted`` when the task is cancelled.
    public func next(isolation: isolated (any Actor)? = #isolation) async -> Piece {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in next { continuation.resume(returning: $0) } }
        } onCancel: {
            self.end()
        }
    }
}
