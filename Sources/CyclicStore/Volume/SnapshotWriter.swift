// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Writes the index to the volume while the store goes on: chunk by chunk, each copied in short holds of the lock. What changes meanwhile is in
/// stripes that are newer than the snapshot's beginning, and those are read after it at a start; so the copy need not be of one moment.
///
/// Memory: one chunk. Without bytes in the budget it waits for them; without room in the engine it is given up and tried again
/// later.
final class SnapshotWriter: @unchecked Sendable {
    // Unchecked: used by one completion after another, never by two at once.
    private let volume: Volume
    private var header: SnapshotHeader
    private let stripes: [SnapshotStripe]
    private var nextStripe = 0
    private var nextShard = 0
    private var bytes = Limits.pageBytes
    private let completion: @Sendable (Int?) -> Void

    /// - Parameter completion: Called once with the snapshot's length in bytes; with nil when it could not be written.
    init(volume: Volume, header: SnapshotHeader, stripes: [SnapshotStripe], completion: @escaping @Sendable (Int?) -> Void) {
        self.volume = volume
        self.header = header
        self.stripes = stripes
        self.completion = completion
    }

    func start() { writeChunk() }

    private func writeChunk() {
        let superblock = volume.superblock
        let chunk = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
        let used = fill(chunk.region.part(SnapshotChunk.headerBytes, SnapshotChunk.capacity))
        guard used > 0 else { return writeHeader() }
        let length = SnapshotChunk.length(used: used)
        let slot = SnapshotHeader.slot(header.generation, in: superblock.regions.snapshot)
        let offset = slot.offset + bytes
        guard offset + length <= slot.end else { return completion(nil) }
        SnapshotChunk.seal(
            chunk.region,
            number: header.chunkCount,
            generation: header.generation,
            used: used,
            volumeID: superblock.volumeID
        )
        header.chunkCount += 1
        bytes += length
        write(chunk, length: length, offset: offset) { [self] in writeChunk() }
    }

    /// Stripes first, then shards.
    private func fill(_ region: UnsafeMutableRawBufferPointer) -> Int {
        if nextStripe < stripes.count {
            let count = min(stripes.count - nextStripe, region.count / 8)
            for number in 0..<count { region.setField(number * 8, stripes[nextStripe + number].word) }
            nextStripe += count
            header.stripeChunkCount += 1
            return count * 8
        }
        var used = 0
        var isFull = false
        while !isFull, nextShard < Int(header.shardCount) {
            // Some shards at a time: the lock is never held for long.
            volume.lock.locked {
                for _ in 0..<64 where !isFull && nextShard < Int(header.shardCount) {
                    let length = volume.index.groups(ofShard: nextShard) * PackedIndex.groupSlots * 8
                    guard used + SnapshotChunk.shardHeaderBytes + length <= region.count else {
                        isFull = true
                        return
                    }
                    region.setField(used, UInt32(nextShard))
                    region.setField(used + 4, UInt32(volume.index.groups(ofShard: nextShard)))
                    volume.index.copyShard(nextShard, into: region.part(used + SnapshotChunk.shardHeaderBytes, length))
                    used += SnapshotChunk.shardHeaderBytes + length
                    nextShard += 1
                }
            }
        }
        return used
    }

    private func writeHeader() {
        let page = PageBuffer(byteCount: Limits.pageBytes)
        header.entryCount = UInt64(volume.lock.locked { volume.index.count })
        header.encode(into: page.region, volumeID: volume.superblock.volumeID)
        let slot = SnapshotHeader.slot(header.generation, in: volume.superblock.regions.snapshot)
        // What the shards no longer have because it was replaced or removed must not be found by a start that has no snapshot: the words that say so
        // are on the device before the snapshot counts.
        volume.flush { [self] in
            guard volume.lock.locked({ volume.owedTombstones.isEmpty && !volume.isOffline }) else { return completion(nil) }
            commit(page, at: slot.offset)
        }
    }

    private func commit(_ page: PageBuffer, at offset: Int) {
        sync { [self] in
            write(page, length: Limits.pageBytes, offset: offset) { [self] in
                sync { [self] in completion(bytes) }
            }
        }
    }

    private func write(_ page: PageBuffer, length: Int, offset: Int, _ then: @escaping @Sendable () -> Void) {
        volume.whenAffordable(length) { [self] isPaid in
            guard isPaid else { return completion(nil) }
            let operation = IOOperation(kind: .write, device: volume.device, offset: offset, region: page.region.part(0, length)) {
                [self] error in
                withExtendedLifetime(page) {}
                guard error == nil else { return completion(nil) }
                volume.countWritten(length)
                then()
            }
            if !volume.engine.submit(operation) { completion(nil) }
        }
    }

    private func sync(_ then: @escaping @Sendable () -> Void) {
        volume.sync { [self] outcome in
            if case .done = outcome { then() } else { completion(nil) }
        }
    }
}
