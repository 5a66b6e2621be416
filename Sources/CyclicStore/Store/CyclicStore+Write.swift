// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CyclicStore {
    /// Stores an object, in place of one with the same key: in memory, and in a membuf on its way to the disk. When it returns, every
    /// lookup finds this object or a newer one, or nothing. Of two at the same time on one key, one holds, in memory and on the disk.
    ///
    /// A refusal by the volume is returned, not thrown: the object may be in memory all the same.
    @discardableResult
    public func put(_ object: any StoredObject) -> RefusedWrite? {
        guard Self.fits(object.kind, object.key) else { return .wrongKind }
        let hash = object.key.hash
        while let home = volumes.home(of: hash) {
            let volume = volumes.members[home].volume
            // The volume first: what the memory tier then lets go is never older than what a read of the volume finds.
            do throws(RefusedWrite) {
                let serial = try volume.write(object)
                memory.insert(object, serial: serial)
                return nil
            } catch .volumeOffline {
                // The next in order takes its keys.
                volumes.setAside(home)
            } catch {
                // An older record of the same key must not come back in its place.
                let removal = volume.remove(hash, always: false)
                memory.insert(object, serial: removal.serial)
                return error
            }
        }
        let isKept = memory.insert(object, serial: nil).isKept
        guard volumes.members.isEmpty else { return .volumeOffline }
        return isKept ? nil : .tooLarge
    }

    /// Forgets an object. True when it was known. When it returns, no lookup that begins finds the object. The removal survives a loss of
    /// the process once the stripe it is logged in is on the device: after ``flush(_:)`` at the latest.
    @discardableResult
    public func remove(_ key: StoreKey) -> Bool {
        // The volume first, as in ``put(_:)``.
        let removal = volumes.volume(for: key.hash)?.remove(key.hash)
        let wasInMemory = memory.remove(key.hash, serial: removal?.serial)
        return wasInMemory || removal?.wasKnown ?? false
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
