// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads one record of one volume: from its membuf, from the page cache on the caller's thread, or from the disk on the engine's.
struct RecordReader: Sendable {
    let volume: Volume
    /// Reads up to this size are first tried without waiting, on the caller's thread.
    static let maxInlineReadBytes = 128 * 1024

    /// Payloads up to this size are copied out of the pages they were read with: in memory a small one would take many times its own bytes.
    static let maxCopiedBytes = 16 * 1024

    /// Calls back exactly once, at once or later on an engine thread.
    func read(_ key: StoreKey, _ completion: @escaping @Sendable (RecordResult) -> Void) {
        let place = volume.pin(key.hash)
        switch place {
        case .nowhere(let reason):
            completion(.miss(reason))
        case .membuf(let membuf, let address, _):
            let result = copy(from: membuf, address, key)
            volume.release(place)
            completion(result)
        case .disk(let stripe, let sequence, let address, let unitsToRead):
            let transfer = Transfer(volume: volume, place: place, stripe: stripe, sequence: sequence, address: address, key: key)
            transfer.start(units: unitsToRead, completion)
        }
    }

    private func copy(from membuf: Membuf, _ address: RecordAddress, _ key: StoreKey) -> RecordResult {
        let alignment = volume.superblock.recordAlignment
        let offset = address.unitInStripe(unitsPerStripe: volume.unitsPerStripe) * alignment
        let bytes = UnsafeRawBufferPointer(membuf.memory).part(offset, membuf.memory.count - offset)
        do throws(RecordHeader.Refusal) {
            let header = try RecordHeader(checking: bytes, sequence: membuf.sequence, hash: key.hash)
            guard key.matches(bytes.part(header.keyOffset, header.keyBytes)) else { throw .otherKey }
            let payload = OwnedBytes(copying: bytes.part(header.payloadOffset, header.payloadBytes))
            let image = RecordImage(header, bytes, key: key, payload: payload)
            return .found(RecordBox(image, RecordBox.Origin(header, at: address, volume.superblock)))
        } catch {
            return .miss(refuse(error, address, key))
        }
    }

    private func refuse(_ refusal: RecordHeader.Refusal, _ address: RecordAddress, _ key: StoreKey) -> MissReason {
        let reason: MissReason = refusal == .otherKey ? .otherKey : .damaged
        volume.reject(key.hash, at: address, reason)
        return reason
    }

    /// One read of the device under a lease.
    private final class Transfer: @unchecked Sendable {
        // Unchecked: used by one thread after another, never by two at once.
        let volume: Volume
        let place: Volume.Place
        let stripe: Int
        let sequence: UInt64
        let address: RecordAddress
        let key: StoreKey
        var bytes: OwnedBytes?
        var skipped = 0

        init(volume: Volume, place: Volume.Place, stripe: Int, sequence: UInt64, address: RecordAddress, key: StoreKey) {
            self.volume = volume
            self.place = place
            self.stripe = stripe
            self.sequence = sequence
            self.address = address
            self.key = key
        }

        func start(units: Int, _ completion: @escaping @Sendable (RecordResult) -> Void) {
            let superblock = volume.superblock
            let inStripe = address.unitInStripe(unitsPerStripe: volume.unitsPerStripe) * superblock.recordAlignment
            let wanted = min(units * superblock.recordAlignment, superblock.stripeBytes - inStripe)
            let granule = volume.device.alignment
            let first = inStripe.roundedDown(to: granule)
            let length = (inStripe + wanted).roundedUp(to: granule) - first
            skipped = inStripe - first
            let offset = superblock.offset(of: stripe) + first
            var buffer = OwnedBytes(capacity: length, pageAligned: granule > 1)
            let region = buffer.withRegion { UnsafeMutableRawBufferPointer(rebasing: $0[0..<length]) }
            bytes = consume buffer
            if length <= maxInlineReadBytes, volume.device.readIfCached(at: offset, into: region) {
                volume.countRead(bytes: length, withoutHop: true)
                completion(finish(nil))
                return
            }
            let taken = volume.engine.submit(
                IOOperation(kind: .read, device: volume.device, offset: offset, region: region) { [self] error in
                    volume.countRead(bytes: length, withoutHop: false)
                    completion(finish(error))
                }
            )
            if !taken {
                volume.release(place)
                completion(.miss(.busy))
            }
        }

        private func finish(_ error: DeviceError?) -> RecordResult {
            defer { volume.release(place) }
            guard error == nil, var payload = bytes.take() else {
                volume.reject(key.hash, at: address, .readError)
                return .miss(.readError)
            }
            var parsed: RecordHeader?
            var parts: (metadata: [UInt8], tags: [UInt64]) = ([], [])
            var refusal = RecordHeader.Refusal.malformed
            payload.withBytes { all in
                do throws(RecordHeader.Refusal) {
                    let record = all.part(skipped, all.count - skipped)
                    let header = try RecordHeader(checking: record, sequence: sequence, hash: key.hash)
                    guard key.matches(record.part(header.keyOffset, header.keyBytes)) else { throw .otherKey }
                    parts = (Array(record.part(header.metadataOffset, header.metadataBytes)), header.tags(in: record))
                    parsed = header
                    volume.didRead(header, at: address, sequence: sequence, record)
                } catch {
                    refusal = error
                }
            }
            guard let header = parsed else {
                let reason: MissReason = refusal == .otherKey ? .otherKey : .damaged
                volume.reject(key.hash, at: address, reason)
                return .miss(reason)
            }
            payload.narrow(to: (skipped + header.payloadOffset)..<(skipped + header.totalBytes))
            if payload.count <= maxCopiedBytes, payload.capacity - payload.count > payload.count / 8 { payload = payload.copy() }
            let image = RecordImage(
                kind: header.kind,
                key: key,
                metadata: parts.metadata,
                payload: payload,
                tags: parts.tags,
                serial: header.serial,
                group: header.run.group
            )
            return .found(RecordBox(image, RecordBox.Origin(header, at: address, volume.superblock)))
        }
    }
}

/// What a read found.
enum RecordResult: Sendable {
    case found(RecordBox)
    case miss(MissReason)
}

/// Carries an image through closures; whoever opens the box owns it.
final class RecordBox: @unchecked Sendable {
    // Unchecked: opened once, by the completion it was made for.
    private var image: RecordImage?
    /// Where it was found.
    let origin: Origin

    /// A record's place, and who its neighbours are.
    struct Origin {
        var address: RecordAddress
        var sequence: UInt64
        /// Length in units of the record alignment.
        var units: Int
        var run: LocalityRun

        init(_ header: RecordHeader, at address: RecordAddress, _ superblock: Superblock) {
            self.address = address
            sequence = header.sequence
            units = header.totalBytes.roundedUp(to: superblock.recordAlignment) / superblock.recordAlignment
            run = header.run
        }
    }

    init(_ image: consuming RecordImage, _ origin: Origin) {
        self.image = consume image
        self.origin = origin
    }

    func open() -> RecordImage? { image.take() }

    /// The record's key; nil once it has been opened.
    var key: StoreKey? { image?.key }
}
