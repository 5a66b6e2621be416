// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Brings the bytes of a ``Fill``. Dropped without an end, it aborts: the readers are told, and the store keeps nothing.
///
/// Not thread-safe: one owner at a time.
public final class FillWriter {
    /// What the readers see.
    public let fill: Fill
    private let writer: ObjectWriter
    private let fills: Fills
    private var isOver = false

    init(_ fill: Fill, _ writer: ObjectWriter, _ fills: Fills) {
        self.fill = fill
        self.writer = writer
        self.fills = fills
    }

    deinit { abort() }

    /// Why the object will not be in the store, if so. The readers are served all the same, as long as they keep up.
    public var failure: ObjectWriter.Failure? { writer.failure }

    /// Bytes brought so far.
    public private(set) var byteCount = 0

    /// Takes a copy of the next bytes. Then look at ``isBlocked``.
    public func append(_ bytes: UnsafeRawBufferPointer) {
        guard !isOver, bytes.count > 0 else { return }
        byteCount += bytes.count
        writer.append(bytes)
        fill.take(copying: bytes)
        trim()
    }

    /// Takes the next bytes; their memory is freed when the last reader is done with them.
    public func append(owning bytes: consuming OwnedBytes) {
        guard !isOver, bytes.count > 0 else { return }
        byteCount += bytes.count
        bytes.withBytes { writer.append($0) }
        let count = bytes.count
        fill.take(FillBytes(bytes), count: count)
        trim()
    }

    private func trim() {
        fill.trim(stored: writer.storedBytes, objectID: writer.objectID, windowBytes: fills.windowBytes)
    }

    /// Whether the volume must have room before more bytes are brought. The filler may go on after a ``giveUpStoring()``.
    public var isBlocked: Bool { writer.isBlocked }

    /// Calls back when it is time to ``resume()``. False: it is time now.
    public func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool { writer.whenRoom(callback) }

    /// Tries again what the volume refused. After a ``finish(metadata:tags:group:)`` that was blocked this ends the fill.
    public func resume() {
        writer.resume()
        trim()
        endIfDone()
    }

    /// Goes on for the readers alone.
    public func giveUpStoring() {
        writer.abort()
        trim()
        endIfDone()
    }

    /// Every byte has been brought: the object becomes findable as soon as the volume has room, at once unless ``isBlocked``.
    public func finish(metadata: [UInt8], tags: [UInt64] = [], group: UInt64? = nil) {
        guard !isOver, !isFinishing else { return }
        isFinishing = true
        writer.finish(metadata: metadata, tags: tags, group: group)
        endIfDone()
    }

    private var isFinishing = false

    private func endIfDone() {
        guard isFinishing, !isOver, !writer.isBlocked else { return }
        isOver = true
        // Findable first: whoever comes between finds the one or the other.
        fills.end(fill)
        fill.finish(.whole(writer.failure))
    }

    /// Gives up: nothing of the object stays.
    public func abort() {
        guard !isOver else { return }
        isOver = true
        fills.end(fill)
        writer.abort()
        fill.finish(.aborted)
    }
}
