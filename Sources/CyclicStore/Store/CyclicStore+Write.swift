// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CyclicStore {
    /// Stores an object, in place of one with the same key: in memory, and on its way to the disk at once or when it leaves memory, as the
    /// ``Replacement`` has it. When it returns, every lookup finds this object or a newer one, or nothing. Of two at the same time on one
    /// key, one holds, in memory and on the disk.
    ///
    /// A refusal by the volume is returned, not thrown: the object may be in memory all the same.
    /// - Parameters:
    ///   - object: What is stored; it must not change from now on.
    ///   - group: A locality group, any number: members that are put within a second or so are stored side by side, so that they
    ///     can be read with one read.
    @discardableResult
    public func put(_ object: any StoredObject, group: UInt64? = nil) -> RefusedWrite? {
        put(object, group: group, part: Volume.KnownUse())
    }

    /// - Parameter part: What is known of the object that this is a part of, a fragment or the head.
    func put(_ object: any StoredObject, group: UInt64?, part: Volume.KnownUse) -> RefusedWrite? {
        guard Self.fits(object.kind, object.key) else { return .wrongKind }
        let hash = object.key.hash
        let group = group.map(Self.groupName) ?? 0
        while let home = volumes.home(of: hash) {
            let volume = volumes.members[home].volume
            do throws(RefusedWrite) {
                // Large objects have been admitted as a whole.
                let isPart = object.kind == .fragment || object.kind == .fragmentedHead
                if let known = isPart ? part : gate.arrival(object, volume).map({ Volume.KnownUse(priorUses: $0) }) {
                    if group != 0, !isPart { try stage(object, group, home) } else { try write(object, known, volume) }
                } else {
                    try keep(object, group, volume)
                }
                return nil
            } catch .volumeOffline {
                // The next in order takes its keys.
                setAside(home)
            } catch {
                // An older record of the same key must not come back in its place.
                let serial = volume.displace(hash)
                settle(memory.insert(object, serial: serial, gate.keepsDirty ? .dirty : .clean))
                return error
            }
        }
        // Without volumes the order of arrival is the order.
        let serial = serials.next()
        let left = memory.insert(object, serial: volumes.members.isEmpty ? nil : serial, checked: serial)
        guard volumes.members.isEmpty else { return .volumeOffline }
        return left.isKept ? nil : .tooLarge
    }

    /// To the volume at once.
    private func write(_ object: any StoredObject, _ known: Volume.KnownUse, _ volume: Volume) throws(RefusedWrite) {
        // The volume first: what the memory tier then lets go is never older than what a read of the volume finds.
        let serial = try volume.write(object, known)
        settle(memory.insert(object, serial: serial))
    }

    /// In memory alone, until it leaves.
    private func keep(_ object: any StoredObject, _ group: UInt32, _ volume: Volume) throws(RefusedWrite) {
        guard !volume.isGone else { throw .volumeOffline }
        let hash = object.key.hash
        // What is on its way to the volume first, then what is there: an older one must not come back when this one leaves.
        memory.supersede(hash)
        let serial = volume.displace(hash)
        settle(memory.insert(object, serial: serial, .dirty, group: group))
    }

    /// To the volume in a moment, with others of its group.
    private func stage(_ object: any StoredObject, _ group: UInt32, _ home: Int) throws(RefusedWrite) {
        let volume = volumes.members[home].volume
        guard !volume.isGone else { throw .volumeOffline }
        let bytes = try RecordShape(object).totalBytes
        guard bytes <= volume.recordCapacity else { throw .tooLarge }
        memory.supersede(object.key.hash)
        let serial = volume.displace(object.key.hash)
        let left = memory.insert(object, serial: serial, .staged, group: group)
        if let staged = left.staged {
            for run in staging.add(staged, home: home, bytes: bytes, runBytes: runBytes(home)) { send(run.members, to: run.home) }
        }
        settle(left)
    }

    /// A group's name in a record: never 0, which is none.
    private static func groupName(_ group: UInt64) -> UInt32 {
        var random = SeededRandom(seed: group)
        return max(1, UInt32(truncatingIfNeeded: random.next()))
    }

    /// Forgets an object. True when it was known. When it returns, no lookup that begins finds the object. The removal survives a loss of
    /// the process once the stripe it is logged in is on the device: after ``flush(_:)`` at the latest.
    @discardableResult
    public func remove(_ key: StoreKey) -> Bool {
        // What is on its way to the volume first, then the volume as in ``put(_:group:)``, then memory.
        let wasOnItsWay = memory.supersede(key.hash)
        let removal = volumes.volume(for: key.hash)?.remove(key.hash)
        let wasInMemory = memory.remove(key.hash, serial: removal?.serial)
        return wasOnItsWay || wasInMemory || removal?.wasKnown ?? false
    }

    // MARK: Room

    /// Calls back once, on any thread, when writes that were refused for want of room have a chance again. False: they have it now.
    ///
    /// With several volumes this waits for any of those that are full; ``whenRoom(for:_:)`` waits for the right one.
    public func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        volumes.whenRoom(nil, callback) != nil
    }

    /// Calls back once, on any thread, when a write of this key that was refused for want of room has a chance again, unless the wait is
    /// cancelled before. Nil: it has it now.
    public func whenRoom(for key: StoreKey, _ callback: @escaping @Sendable () -> Void) -> RoomWait? {
        volumes.whenRoom(key.hash, callback)
    }
}
