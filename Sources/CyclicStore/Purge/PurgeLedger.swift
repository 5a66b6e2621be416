// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// All that the journals of a store know: its purges and its memberships. A pure value.
struct PurgeLedger: Sendable {
    var table: PurgeTable
    var history = MembershipHistory()
    /// Memberships whose ``JournalRecord/committed`` record is not on all volumes yet.
    var uncommitted: Set<UInt64> = []
    /// How old the stripes of each volume are.
    var ages: [VolumeID: StripeAges] = [:]
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
        table = PurgeTable(secret: secret, capacity: records - historyCapacity - Self.otherRecords)
    }

    static let capacityWithoutJournal = 65_536
    /// Two purges of everything, the floor, and what is known of stripes.
    private static let otherRecords = 3 + StripeAges.maxRecords

    /// An upper bound of what ``forEachRecord(for:_:)`` gives.
    var recordCount: Int { table.count + Self.otherRecords + history.recordCount }

    /// Everything that must be in a checkpoint of a volume's journal.
    func forEachRecord(for volume: VolumeID, _ body: (JournalRecord) -> Void) {
        if table.floor > 0 { body(.floor(table.floor)) }
        ages[volume]?.records.forEach(body)
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

    /// Takes what the journals of several volumes say.
    mutating func unite(_ journals: [(volume: VolumeID, records: [JournalRecord])]) {
        for (volume, records) in journals { ages[volume] = StripeAges(records) }
        // A purge is forgotten when no volume needs it.
        let floors = journals.map { journal -> UInt64 in
            var floor: UInt64 = 0
            for case .floor(let serial) in journal.records { floor = max(floor, serial) }
            return floor
        }
        table.raiseFloor(to: floors.min() ?? 0)
        let records = journals.flatMap(\.records)
        let found = FoundMemberships(records)
        for record in records {
            switch record {
            case .historyFloor(let serial): history.raiseFloor(to: serial)
            case .volumeFloor(let serial, let volume): history.raiseFloor(of: volume, to: serial)
            case .purge, .membership, .member, .committed, .floor, .stripeFloor, .stripeMark: break
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
