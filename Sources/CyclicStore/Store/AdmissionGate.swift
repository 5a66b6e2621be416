// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Decides what is written to the volumes, and when: ``Admission`` with its lock, and the models that tune it.
///
/// `cyclic` and `relocate-on-hit` write everything when it comes, and so does a store without memory: then nothing here is asked, and nothing
/// is dirty.
final class AdmissionGate: @unchecked Sendable {
    /// Objects may be in memory alone.
    let keepsDirty: Bool
    private let volumeBytes: Int
    private let writtenByteCost: Float
    private let governor: WriteGovernor
    private let lock = Lock()
    // Guarded by `lock`.
    private var admission: Admission
    private var shadows: ShadowCaches
    private var ticks = 0

    /// The models are asked as often.
    private static let ticksPerTuning = 20

    /// - Parameters:
    ///   - volumeBytes: Bytes of all stripes.
    ///   - configuration: Without memory there is nowhere to wait for a second use: everything is written.
    init(_ configuration: StoreConfiguration, volumeBytes: Int, governor: WriteGovernor, seed: UInt64) {
        self.governor = governor
        self.volumeBytes = volumeBytes
        let (replacement, value) = (configuration.replacement, HitValue(byteShare: Float(configuration.byteShare)))
        writtenByteCost = Float(configuration.writtenByteCost)
        keepsDirty = replacement == .gyre && volumeBytes > 0 && configuration.memoryBytes > 0
        let maxGhosts = keepsDirty ? Admission.maxGhosts(volumeBytes: volumeBytes) : 0
        admission = Admission(replacement, value: value, maxGhosts: maxGhosts, seed: seed)
        shadows = ShadowCaches(
            volumeBytes: max(1, volumeBytes),
            value: value,
            maxObjects: keepsDirty ? 8192 : 64,
            seed: seed ^ 0x9e37_79b9_7f4a_7c15
        )
    }

    /// An object has been fetched. The uses with which it is written at once; nil: it stays in memory for now.
    func arrival(_ object: any StoredObject, _ volume: Volume) -> UseClass? {
        guard keepsDirty else { return UseClass.none }
        let (hash, bytes) = (object.key.hash, Self.bytes(of: object))
        let now = circumstances(volume)
        return lock.locked {
            shadows.request(hash, bytes: bytes)
            return Self.uses(admission.arrival(hash, bytes: bytes, now))
        }
    }

    /// An object that no volume has leaves memory. False: it is not written.
    func departure(_ leaving: Outgoing, _ volume: Volume) -> Bool {
        let bytes = Self.bytes(of: leaving.object)
        let now = circumstances(volume)
        return lock.locked {
            shadows.departure(leaving.hash, bytes: bytes, uses: leaving.uses)
            return Self.uses(admission.departure(leaving.hash, bytes: bytes, uses: leaving.uses, isOnDisk: false, now)) != nil
        }
    }

    /// An object too large for one record begins to come: it is written as it comes, or not at all. The uses that its records are written with;
    /// nil: it is not written.
    func streamed(_ hash: KeyHash, bytes: Int, _ volume: Volume) -> UseClass? {
        guard keepsDirty else { return UseClass.none }
        let now = circumstances(volume)
        return lock.locked {
            shadows.request(hash, bytes: bytes)
            let uses = Self.uses(admission.streamed(hash, bytes: bytes, now))
            if uses == nil { shadows.departure(hash, bytes: bytes, uses: 0) }
            return uses
        }
    }

    /// A record has been read from a volume. One in fragments is one request, for all of its bytes, when its head is read.
    func diskHit(_ object: any StoredObject) {
        guard keepsDirty, object.kind != .fragment else { return }
        let (hash, bytes) = (object.key.hash, FragmentMap(of: object).map { Int(clamping: $0.totalBytes) } ?? Self.bytes(of: object))
        lock.locked { shadows.request(hash, bytes: bytes) }
    }

    /// Every tenth of a second. The tuning for the volumes, when it is time for one.
    func tick(bytesPerSecond: Double?) -> (tuning: Tuning, value: HitValue)? {
        guard keepsDirty else { return nil }
        let isTime = lock.locked {
            ticks += 1
            return ticks % Self.ticksPerTuning == 0
        }
        guard isTime else { return nil }
        return lock.locked {
            let aim = ShadowCaches.Aim(writtenByteCost: writtenByteCost, bytesPerSecond: bytesPerSecond)
            let tuning = shadows.best(aim, seconds: Double(Self.ticksPerTuning) / 10)
            admission.follow(tuning, shadows.hitValue, volumeBytes: volumeBytes)
            return (tuning, shadows.hitValue)
        }
    }

    /// Decisions so far, by reason.
    var counts: [String: Int] { lock.locked { admission.counts.byReason } }

    /// The tuning in force.
    var tuning: Tuning { lock.locked { admission.tuning } }

    /// Bytes of memory.
    var byteCount: Int { keepsDirty ? lock.locked { admission.byteCount + shadows.byteCount } : 0 }

    private func circumstances(_ volume: Volume) -> Admission.Circumstances {
        Admission.Circumstances(isFilling: volume.isFilling, pressure: governor.pressure)
    }

    private static func uses(_ verdict: Admission.Verdict) -> UseClass? {
        if case .write(let uses) = verdict { uses } else { nil }
    }

    private static func bytes(of object: any StoredObject) -> Int {
        RecordHeader.byteCount + object.key.bytes.count + object.metadataByteCount + object.payloadByteCount
    }
}
