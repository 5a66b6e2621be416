// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CyclicStore {
    /// Purges: every lookup that begins after this returns takes it into account. It costs the same for ten objects and ten million.
    /// Calls back once, on any thread, when the purge is durable on every volume that is online: from then on what it matched does not come
    /// back, whatever crashes.
    ///
    /// - Parameters:
    ///   - scope: A key, a tag, all keys that begin alike, or everything.
    ///   - mode: `hard`: gone. `soft`: found as ``Lookup/stale(_:_:)``.
    ///   - completion: Called once, on any thread.
    public func purge(_ scope: PurgeScope, mode: PurgeMode = .hard, _ completion: @escaping @Sendable (PurgeOutcome) -> Void = { _ in }) {
        purger.purge(scope, mode, completion)
    }

    /// What stands for a tag in ``StoredObject/tags``.
    public func tag(_ name: [UInt8]) -> UInt64 { secret.tagHash(name) }

    /// What the purges say about an object in memory.
    func judge(_ object: any StoredObject, checked: UInt64) -> (verdict: PurgeVerdict, checked: UInt64) {
        if checked >= purger.newestPurge { return (.current, checked) }
        return object.key.bytes.withUnsafeBytes { key in
            object.tags.withUnsafeBufferPointer { tags in
                purger.verdictInMemory(serial: checked, hash: object.key.hash, key: key, tags: tags)
            }
        }
    }

    /// What the purges, and the changes of volumes, say about an object on a volume.
    func judge(_ object: any StoredObject, serial: UInt64, tags: [UInt64], on volume: Volume) -> (verdict: PurgeVerdict, checked: UInt64) {
        object.key.bytes.withUnsafeBytes { key in
            tags.withUnsafeBufferPointer { tags in
                purger.verdict(serial: serial, hash: object.key.hash, key: key, tags: tags, volume: volume.superblock.volumeID)
            }
        }
    }

    /// Whether an object that began to be brought at a serial may be stored now. Not when it was purged meanwhile, hard or soft: what the
    /// origin said before the purge is what was purged.
    func isCurrent(_ key: StoreKey, tags: [UInt64], since serial: UInt64) -> Bool {
        if serial >= purger.newestPurge { return true }
        return purger.verdict(serial: serial, key: key, tags: tags) == .current
    }

    // MARK: Volumes that fail

    /// A volume takes nothing any more: its keys belong to the others.
    func setAside(_ home: Int) {
        guard volumes.setAside(home) else { return }
        // What it holds is out of date from here on, should it come back. Known on the others' disks before a flush ends.
        purger.setAside(volumes.members[home].id) { _ in }
    }

    /// The purge journal of a volume has failed.
    func volumeFailed(_ id: VolumeID) {
        guard let home = volumes.members.firstIndex(where: { $0.id == id }) else { return }
        _ = volumes.setAside(home)
        volumes.members[home].volume.goOffline()
    }
}
