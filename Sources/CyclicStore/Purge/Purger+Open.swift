// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Purger {
    /// A volume that takes part in a store.
    struct Volume {
        var id: VolumeID
        var weight: UInt32
        var device: any BlockDevice
        var engine: any IOEngine
        var syncs: DeviceSyncs
        var journal: VolumeRegion
        /// Told of the bytes that the journal writes.
        var governor: WriteGovernor?
    }

    /// A purger, and what became of the volumes.
    struct Opened {
        var purger: Purger
        /// Those whose journal cannot be read or written: what they hold must not be served, and they are not in the placement.
        var failed: [(volume: VolumeID, error: DeviceError)] = []
        /// Those that had been away, are new, or whose journal was damaged: what they held is out of date.
        var emptied: [VolumeID] = []
    }

    /// Reads the journals of all volumes, unites them, and writes down the membership when it is not what it was. On the calling thread.
    ///
    /// Nothing is written when the volumes are those that were there last. Else two writes and two syncs for each volume: first all learn of
    /// the new membership, then all learn that all have. A crash at any point leaves the old membership in force, or the new one.
    ///
    /// - Parameters:
    ///   - serials: Gives the next serial.
    ///   - advance: Tells the serial clock what was found: the next serial is higher.
    static func open(
        _ volumes: [Volume],
        secret: HashSecret,
        nextSerial: @escaping @Sendable () -> UInt64,
        advance: (UInt64) -> Void,
        entropy: @escaping @Sendable () -> UInt64,
        onFailure: @escaping @Sendable (VolumeID) -> Void = { _ in }
    ) -> Opened {
        var failed: [(volume: VolumeID, error: DeviceError)] = []
        var present: [(volume: Volume, journal: PurgeJournal, contents: JournalReader.Contents)] = []
        for volume in volumes {
            do throws(DeviceError) {
                let contents = try JournalReader(device: volume.device, region: volume.journal, volume: volume.id).read()
                let journal = PurgeJournal(
                    device: volume.device,
                    engine: volume.engine,
                    syncs: volume.syncs,
                    region: volume.journal,
                    volume: volume.id,
                    contents: contents,
                    governor: volume.governor
                )
                present.append((volume, journal, contents))
            } catch {
                failed.append((volume.id, error))
            }
        }

        let pages = present.map { JournalReader.pagesPerHalf($0.volume.journal) }.min()
        var ledger = PurgeLedger(secret: secret, pagesPerHalf: pages)
        let records = present.flatMap(\.contents.records)
        ledger.unite(present.map { ($0.volume.id, $0.contents.records) })
        for record in records { advance(record.serial) }

        // Who does not know the newest membership was away while it was in force.
        let newest = FoundMemberships(records).newestCommitted
        let emptied = present.filter { entry in
            guard let newest else { return true }
            return entry.contents.isDamaged || !FoundMemberships(entry.contents.records).knows(newest)
        }.map(\.volume.id)

        var isSettled = emptied.isEmpty
        while true {
            let members = present.map { Placement.Member(volume: $0.volume.id, weight: $0.volume.weight) }
            if present.isEmpty || (isSettled && ledger.history.current == newest && newest?.has(members) == true) { break }
            isSettled = false
            let change = Membership(serial: nextSerial(), epoch: entropy(), placement: Placement(members))
            let before = present.count
            var next = ledger
            for volume in emptied { next.history.raiseFloor(of: volume, to: change.serial) }
            next.add(change)
            next.history.forgetStrangers()
            next.ages = next.ages.filter { change.contains($0.key) }
            present.removeAll { entry in
                attempt(entry.volume.id, &failed) { () throws(DeviceError) in try entry.journal.writeCheckpoint(of: next) }
            }
            guard present.count == before else { continue }
            present.removeAll { entry in
                attempt(entry.volume.id, &failed) { () throws(DeviceError) in
                    try entry.journal.writeAppend([.committed(serial: change.serial, epoch: change.epoch)])
                }
            }
            guard present.count == before else { continue }
            next.uncommitted.remove(change.epoch)
            ledger = next
            break
        }
        let purger = Purger(
            ledger: ledger,
            journals: present.map(\.journal),
            hasVolumes: !volumes.isEmpty,
            nextSerial: nextSerial,
            entropy: entropy,
            onFailure: onFailure
        )
        return Opened(purger: purger, failed: failed, emptied: emptied)
    }

    /// True when the volume failed.
    private static func attempt(
        _ volume: VolumeID,
        _ failed: inout [(volume: VolumeID, error: DeviceError)],
        _ body: () throws(DeviceError) -> Void
    ) -> Bool {
        do throws(DeviceError) {
            try body()
            return false
        } catch {
            failed.append((volume, error))
            return true
        }
    }
}
