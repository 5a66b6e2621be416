// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// What a store may answer. Absence is always allowed; whoever wants hits counts them.
///
/// Time is counted in ticks. A put or removal that has returned is an event: from then on no version of an earlier event may be served. After
/// a crash the last event that was durable is the one that counts; anything later may have survived or not.
struct StoreModel {
    typealias Tick = UInt64

    private struct Key {
        /// A version with a lower tick may not be served in this run.
        var lowest: Tick = 0
        /// A version with a lower tick may be served in this run as stale only.
        var lowestFresh: Tick = 0
        /// When the last hard and the last soft purge that were acknowledged began: they survive everything.
        var purged: Tick = 0
        var madeStale: Tick = 0
        var wasPurged = false
        /// Events since the last one that survives a loss of power, that one included.
        var events: [Tick] = []
        /// When each version of late was put last. What is not here is older.
        var puts: [(version: UInt64, tick: Tick)] = []
        var wasPut = false
    }

    private var keys: [Key]
    private(set) var now: Tick = 1
    private var lastVersion: UInt64 = 0
    /// Versions that were never finished: nobody may see them.
    private var unfinished: Set<UInt64> = []
    /// Events up to here survive the end of the process.
    private var flushed: Tick = 0
    /// Events up to here survive a loss of power.
    private var synced: Tick = 0
    /// The medium was harmed at this time: what it held then may have lost any part of its history, a removal as well as a record.
    private var harmedAt: Tick = 0
    /// The medium said that it had written what it had not, or not there: any restart may find any version, whatever was flushed since.
    private var isLying = false

    init(keys count: Int) { keys = Array(repeating: Key(), count: count) }

    // MARK: What happens

    mutating func nextVersion() -> UInt64 {
        lastVersion += 1
        return lastVersion
    }

    /// A version that nobody may see before ``mayHavePut(_:_:)``.
    mutating func begin(_ version: UInt64) { unfinished.insert(version) }

    /// The version may be there from now on; the older ones still may, too.
    mutating func mayHavePut(_ key: Int, _ version: UInt64) {
        unfinished.remove(version)
        now += 1
        keys[key].wasPut = true
        if let place = keys[key].puts.firstIndex(where: { $0.version == version }) {
            keys[key].puts[place].tick = now
        } else {
            keys[key].puts.append((version, now))
        }
    }

    /// The version is the newest now.
    mutating func put(_ key: Int, _ version: UInt64) {
        mayHavePut(key, version)
        event(key)
    }

    mutating func remove(_ key: Int) {
        now += 1
        event(key)
    }

    // MARK: Purges

    /// A purge of these keys begins, and holds at once.
    /// - Returns: Its tick.
    mutating func purge(_ purged: [Int], isSoft: Bool) -> Tick {
        now += 1
        for key in purged {
            keys[key].lowestFresh = now
            keys[key].wasPurged = true
            if !isSoft { keys[key].lowest = now }
        }
        return now
    }

    /// It has been acknowledged.
    mutating func purgeIsDurable(_ purged: [Int], isSoft: Bool, _ tick: Tick) {
        for key in purged {
            if isSoft { keys[key].madeStale = max(keys[key].madeStale, tick) } else { keys[key].purged = max(keys[key].purged, tick) }
        }
    }

    /// The volumes that knew of purges are gone.
    mutating func forgetPurges() {
        for key in keys.indices { (keys[key].purged, keys[key].madeStale) = (0, 0) }
    }

    private mutating func event(_ key: Int) {
        keys[key].lowest = now
        keys[key].events.append(now)
        let floor = floor(key, synced)
        keys[key].events.removeAll { $0 < floor }
        if keys[key].puts.count > 16 { keys[key].puts.removeAll { $0.tick < floor } }
    }

    /// What happened up to then survives the end of the process.
    mutating func flush(through tick: Tick) { flushed = max(flushed, tick) }
    /// What was flushed survives a loss of power.
    mutating func sync() { synced = flushed }
    /// What was flushed and not synced may be lost.
    mutating func loseUnsynced() { flushed = synced }
    /// The medium lost or changed something that it had.
    mutating func harm() { harmedAt = now }

    /// The medium lied.
    mutating func lie() {
        harm()
        isLying = true
    }

    /// The process ended. What counts now is what had been flushed, or synced when the power was lost too.
    mutating func crash(powerLost: Bool) {
        now += 1
        if powerLost { flushed = synced }
        for key in keys.indices {
            let floor = floor(key, flushed)
            keys[key].lowest = isLying ? floor : max(floor, keys[key].purged)
            keys[key].lowestFresh = isLying ? floor : max(keys[key].lowest, keys[key].madeStale)
            keys[key].events.removeAll { $0 > flushed }
        }
    }

    /// The device is another one, with nothing on it.
    mutating func empty() {
        now += 1
        for key in keys.indices {
            (keys[key].lowest, keys[key].lowestFresh) = (now, now)
            keys[key].events = [now]
        }
        forgetPurges()
        (flushed, synced) = (now, now)
        isLying = false
    }

    private func floor(_ key: Int, _ durable: Tick) -> Tick {
        let floor = keys[key].events.last { $0 <= durable } ?? 0
        return isLying || floor <= harmedAt ? 0 : floor
    }

    // MARK: What may be served

    func lowest(_ key: Int) -> Tick { keys[key].lowest }
    func lowestFresh(_ key: Int) -> Tick { keys[key].lowestFresh }

    /// Whether any version may be served.
    func mayExist(_ key: Int) -> Bool {
        keys[key].wasPut && (keys[key].lowest == 0 || keys[key].puts.contains { $0.tick >= keys[key].lowest })
    }

    /// Whether the index may have an entry: purges leave it there, and a read decides.
    func mayBeIndexed(_ key: Int) -> Bool { mayExist(key) || keys[key].wasPurged }

    /// Checks a version that was served, and remembers it: nothing older may come after.
    /// - Parameter lowest: What ``lowest(_:)`` was when the lookup began, or ``lowestFresh(_:)`` for what is served as fresh.
    /// - Returns: What is wrong.
    mutating func served(_ key: Int, _ version: UInt64, since lowest: Tick) -> String? {
        if unfinished.contains(version) { return "key \(key): version \(version) was never finished" }
        if version > lastVersion { return "key \(key): version \(version) was never put" }
        let tick = keys[key].puts.last { $0.version == version }?.tick ?? 0
        guard tick >= lowest else {
            return "key \(key): version \(version) of tick \(tick) was served, nothing before tick \(lowest) may be; "
                + "flushed \(flushed), synced \(synced), now \(now)"
        }
        keys[key].lowest = max(keys[key].lowest, tick)
        return nil
    }
}
