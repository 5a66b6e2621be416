// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// All that the journals of a store know: its purges and its memberships. A pure value.
struct PurgeLedger: Sendable {
    var table: PurgeTable
    var history = MembershipHistory()
    /// Memberships whose ``JournalRecord/committed`` record is not on all volumes yet.
    var uncommitted: Set<UInt64> = []
    /// Records the history may take in a checkpoint; the rest is for purges.
    let historyCapacity: Int

    /// - Parameter pagesPerHalf: That of the smallest journal; nil for a store without volumes.
    init(secret: HashSecret, pagesPerHalf: Int?) {
        guard let pagesPerHalf else {
            historyCapacity = 0
            table = PurgeTable(secret: secret, capacity: Self.capacityWithoutJournal)
            return
        }
        let records = JournalCycle.checkpointCapacity(pagesPerHalf: pagesPerHalf) * JournalPage.recordCapacity
        historyCapacity = records / 4
        // Two for purges of everything, one for the floor.
        table = PurgeTable(secret: secret, capacity: records - historyCapacity - 3)
    }

    static let capacityWithoutJournal = 65_536

    /// An upper bound of what ``forEachRecord(_:)`` gives.
    var recordCount: Int { table.count + 3 + history.recordCount }

    /// Everything that must be in a checkpoint.
    func forEachRecord(_ body: (JournalRecord) -> Void) {
        if table.floor > 0 { body(.floor(table.floor)) }
        if history.floor > 0 { body(.historyFloor(history.floor)) }
        for (volume, serial) in history.volumeFloors { body(.volumeFloor(serial: serial, volume)) }
        for membership in history.memberships {
            Self.records(of: membership).forEach(body)
            if !uncommitted.contains(membership.epoch) { body(.committed(serial: membership.serial, epoch: membership.epoch)) }
        }
        table.forEach { body(.purge($0)) }
    }

    static func records(of membership: Membership) -> [JournalRecord] {
        let head = JournalRecord.membership(serial: membership.serial, epoch: membership.epoch, count: membership.members.count)
        return [head] + membership.members.map { .member(serial: membership.serial, $0) }
    }

    /// A change of volumes that no volume knows of yet.
    mutating func add(_ membership: Membership) {
        uncommitted.insert(membership.epoch)
        history.add(membership)
        history.limit(records: historyCapacity)
        let remembered = Set(history.memberships.map(\.epoch))
        uncommitted.formIntersection(remembered)
    }

    /// Takes what several journals say.
    mutating func unite(_ records: [JournalRecord]) {
        let found = FoundMemberships(records)
        for record in records {
            switch record {
            case .floor(let serial): table.raiseFloor(to: serial)
            case .historyFloor(let serial): history.raiseFloor(to: serial)
            case .volumeFloor(let serial, let volume): history.raiseFloor(of: volume, to: serial)
            case .purge, .membership, .member, .committed: break
            }
        }
        // One that was prepared and not committed may have been in force on a volume that is not here: what it would have moved is
        // not trusted either.
        for membership in found.memberships {
            if !found.committed.contains(membership.epoch) { uncommitted.insert(membership.epoch) }
            history.add(membership)
        }
        history.limit(records: historyCapacity)
        let purges = records.compactMap { record -> PurgeEntry? in
            if case .purge(let entry) = record { entry } else { nil }
        }
        for entry in purges.sorted(by: { $0.serial < $1.serial }) { table.insert(entry) }
    }
}

/// The memberships that the records of one or more journals tell of.
struct FoundMemberships {
    /// Those of which every member is there.
    private(set) var memberships: [Membership] = []
    /// Epochs of those that are in force.
    private(set) var committed: Set<UInt64> = []

    init(_ records: [JournalRecord]) {
        var members: [UInt64: Set<Placement.Member>] = [:]
        for record in records {
            switch record {
            case .member(let serial, let member): members[serial, default: []].insert(member)
            case .committed(_, let epoch): committed.insert(epoch)
            default: break
            }
        }
        var seen: Set<UInt64> = []
        for case .membership(let serial, let epoch, let count) in records where seen.insert(epoch).inserted {
            guard let found = members[serial], found.count == count else { continue }
            let inOrder = found.sorted { ($0.volume.word0, $0.volume.word1) < ($1.volume.word0, $1.volume.word1) }
            memberships.append(Membership(serial: serial, epoch: epoch, placement: Placement(inOrder)))
        }
        memberships.sort { $0.serial < $1.serial }
    }

    var newestCommitted: Membership? { memberships.last { committed.contains($0.epoch) } }

    func knows(_ membership: Membership) -> Bool { memberships.contains { $0.epoch == membership.epoch } }
}
