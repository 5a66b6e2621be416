// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// The stripes of a volume as lists of records: head, reclaim, survivors, stripes that stay.
struct LogModel {
    let stripeBytes: Int
    /// Bytes of a stripe for records and their directory entries.
    private let capacity: Int
    private let cleanGoal: Int
    var policy: ReclaimPolicy
    private(set) var deviceBytesWritten = 0
    private(set) var liveRecords = 0

    private struct Record {
        var object: UInt32
        var serial: UInt32
        var bytes: UInt32
        var priorUses: UseClass
        var objectSize = ObjectSize.record
    }

    private struct Stripe {
        var records: [Record] = []
        var openedAt = 0
        /// It has been hot since it was opened: what its records were used for before is in their counts.
        var wasHot = false
        /// Open or clean: the turn passes over it.
        var isOpen = false
    }

    /// Where an object's record is.
    private struct Place {
        var serial: UInt32 = 0
        var stripe: UInt32 = 0
        var uses = UseClass.none
        /// Since the object was written, wherever its record was carried.
        var allUses = UseClass.none
    }

    /// A stripe that takes records.
    private struct Head {
        var stripe: Int?
        var used = 0
    }

    private var stripes: [Stripe]
    private var places: [Place]
    private var fresh = Head()
    private var survivors = Head()
    private var next = 0
    private var opened = 0
    private var hot: HotStripes
    private var nextSerial: UInt32 = 1
    private var random: SeededRandom
    /// Taken back and not opened yet.
    private var clean: [Int] = []
    /// To be carried, and still readable where they were.
    private var waiting: [Record] = []
    /// Every stripe has been opened.
    private var hasTurned = false

    init(stripeBytes: Int, stripeCount: Int, objectCount: Int, policy: ReclaimPolicy, seed: UInt64) {
        self.stripeBytes = stripeBytes
        capacity = stripeBytes - StripeLayout.frameBytes
        cleanGoal = StripeLayout.cleanGoal(stripes: stripeCount)
        self.policy = policy
        stripes = [Stripe](repeating: Stripe(), count: stripeCount)
        places = [Place](repeating: Place(), count: objectCount)
        hot = HotStripes(stripeCount: stripeCount)
        random = SeededRandom(seed: seed)
    }

    /// Makes room for so many more records' places: fragments have numbers behind those of the objects.
    mutating func addRecords(_ count: Int) { places.append(contentsOf: repeatElement(Place(), count: count)) }

    /// The largest object: half a volume, as in the store.
    var maxObjectBytes: Int { stripes.count * stripeBytes / 2 }

    func contains(_ object: UInt32) -> Bool { places[Int(object)].serial != 0 }

    /// Part of the volume was never written, and this fits.
    func hasRoom(_ bytes: Int) -> Bool { !hasTurned && bytes < (stripes.count - next) * stripeBytes }

    mutating func hit(_ object: UInt32) -> ReclaimPolicy.HitFacts? {
        let place = places[Int(object)]
        guard place.serial != 0 else { return nil }
        countUse(of: object)
        return ReclaimPolicy.HitFacts(stripesSince: opened - stripes[Int(place.stripe)].openedAt, stripeCount: stripes.count)
    }

    /// Hits that its copy in memory had, so that reclaim knows of them.
    mutating func addUses(_ uses: Int, to object: UInt32) {
        guard contains(object) else { return }
        for _ in 0..<min(uses, 16) { countUse(of: object) }
    }

    private mutating func countUse(of object: UInt32) {
        let random = UInt32(truncatingIfNeeded: random.next())
        places[Int(object)].uses = places[Int(object)].uses.addingUse(random: random)
        places[Int(object)].allUses = places[Int(object)].allUses.addingUse(random: random)
    }

    /// What a write works with besides the log.
    struct Surroundings {
        var budget: WriteBudget
        /// Nanoseconds.
        var now = 0
        var result = StoreModelResult()
        var reuse = ReuseStatistics()
    }

    /// Copies a record that was hit to the head, as the ancestor does.
    mutating func copyToHead(_ object: UInt32, _ around: inout Surroundings) {
        let place = places[Int(object)]
        guard let record = stripes[Int(place.stripe)].records.first(where: { $0.serial == place.serial }) else { return }
        let copy = Record(object: object, serial: 0, bytes: record.bytes, priorUses: .none, objectSize: record.objectSize)
        if append(copy, to: .fresh, .relocation, &around) {
            around.result.relocatedBytes += Int(record.bytes)
            around.result.recordsRelocated += 1
        }
        carrySurvivors(&around)
    }

    /// Writes a new record, in place of an older one of the object.
    mutating func write(
        _ object: UInt32,
        bytes: Int,
        priorUses: UseClass,
        usesBefore: UseClass = .none,
        objectSize: ObjectSize = .record,
        _ around: inout Surroundings
    ) {
        // In a stripe there is nothing larger: larger objects come in fragments.
        guard bytes <= capacity else { return }
        let record = Record(object: object, serial: 0, bytes: UInt32(clamping: bytes), priorUses: priorUses, objectSize: objectSize)
        if append(record, to: .fresh, .admission, usesBefore: usesBefore, &around) { around.result.recordsWritten += 1 }
        carrySurvivors(&around)
    }

    private enum Kind { case fresh, survivors }

    private subscript(_ kind: Kind) -> Head {
        get { kind == .fresh ? fresh : survivors }
        set { if kind == .fresh { fresh = newValue } else { survivors = newValue } }
    }

    /// False when the budget has no stripe to give.
    private mutating func append(
        _ record: Record,
        to kind: Kind,
        _ purpose: WriteBudget.Purpose,
        usesBefore: UseClass = .none,
        _ around: inout Surroundings
    ) -> Bool {
        // What does not fit into the rest of a stripe leaves it empty.
        if let full = self[kind].stripe, self[kind].used + Int(record.bytes) > capacity {
            stripes[full].isOpen = false
            self[kind] = Head()
        }
        if self[kind].stripe == nil {
            guard around.budget.take(stripeBytes, for: purpose, now: around.now) else { return false }
            open(kind, &around)
        }
        guard let stripe = self[kind].stripe else { return false }
        var record = record
        record.serial = nextSerial
        nextSerial = nextSerial == .max ? 1 : nextSerial + 1
        if places[Int(record.object)].serial == 0 { liveRecords += 1 }
        let allUses = purpose == .relocation ? places[Int(record.object)].allUses : usesBefore
        places[Int(record.object)] = Place(serial: record.serial, stripe: UInt32(stripe), allUses: allUses)
        stripes[stripe].records.append(record)
        self[kind].used += Int(record.bytes)
        return true
    }

    /// Takes a clean stripe. Survivors of those that are reclaimed for it wait in `waiting`.
    private mutating func open(_ kind: Kind, _ around: inout Surroundings) {
        if clean.isEmpty { reclaimNext(&around) }
        guard !clean.isEmpty else { return }
        let stripe = clean.removeFirst()
        stripes[stripe].openedAt = opened
        opened += 1
        deviceBytesWritten += stripeBytes + StripeLayout.logPageBytes(stripeBytes: stripeBytes)
        self[kind].stripe = stripe
        while clean.count < cleanGoal {
            let before = clean.count
            reclaimNext(&around)
            if clean.count == before { break }
        }
    }

    private mutating func carrySurvivors(_ around: inout Surroundings) {
        while let record = waiting.popLast() {
            // Not carried when it was written anew meanwhile.
            guard places[Int(record.object)].serial == record.serial else { continue }
            if append(record, to: .survivors, .relocation, &around) {
                around.result.relocatedBytes += Int(record.bytes)
                around.result.recordsRelocated += 1
            } else {
                drop(record, &around)
            }
        }
    }

    private mutating func drop(_ record: Record, _ around: inout Surroundings) {
        let bytes = Int(record.bytes)
        around.reuse.record(
            uses: places[Int(record.object)].allUses,
            objectBytes: max(bytes, record.objectSize.bytes ?? 0),
            bytes: bytes
        )
        places[Int(record.object)] = Place()
        liveRecords -= 1
        around.result.recordsDropped += 1
    }

    private mutating func reclaimNext(_ around: inout Surroundings) {
        for passed in 0..<(3 * stripes.count) {
            let stripe = next
            next += 1
            if next == stripes.count {
                next = 0
                hasTurned = true
            }
            if stripes[stripe].isOpen { continue }
            hot.remove(stripe)
            let (judgements, facts) = judge(stripe)
            let verdict = passed < stripes.count ? policy.stripe(facts) : .reclaim
            if verdict == .replaceCoolest, let coolest = hot.coolest {
                hot.remove(coolest.stripe)
                around.result.hotStripesReplaced += 1
            }
            if verdict != .reclaim {
                stay(stripe, judgements, heat: facts.heat)
                around.result.stripesKept += 1
                continue
            }
            stripes[stripe].wasHot = false
            // As in the store, an eighth of a stripe becomes free however hot it is.
            var affordable = stripeBytes * 7 / 8
            for (index, record) in stripes[stripe].records.enumerated() where places[Int(record.object)].serial == record.serial {
                if judgements[index].verdict == .relocate { affordable -= Int(record.bytes) }
                if judgements[index].verdict == .relocate, affordable >= 0 {
                    var survivor = record
                    survivor.priorUses = judgements[index].carried
                    waiting.append(survivor)
                } else {
                    drop(record, &around)
                }
            }
            stripes[stripe].records.removeAll(keepingCapacity: true)
            stripes[stripe].isOpen = true
            clean.append(stripe)
            return
        }
    }

    private struct Judgement {
        var verdict: ReclaimPolicy.RecordVerdict
        var carried: UseClass
        var aged: UseClass
    }

    private mutating func judge(_ stripe: Int) -> ([Judgement], ReclaimPolicy.StripeFacts) {
        var sums = ReclaimPolicy.StripeFacts(
            stripeBytes: stripeBytes,
            stripeCount: stripes.count,
            hotStripes: hot.count,
            leastHeat: hot.coolest?.heat ?? 0
        )
        var judgements: [Judgement] = []
        judgements.reserveCapacity(stripes[stripe].records.count)
        for record in stripes[stripe].records {
            let place = places[Int(record.object)]
            let facts = ReclaimPolicy.RecordFacts(
                isIndexed: place.serial == record.serial,
                uses: place.uses,
                priorUses: stripes[stripe].wasHot ? .none : record.priorUses,
                bytes: Int(record.bytes),
                objectBytes: record.objectSize.bytes,
                // Another each time: with one that stays the record's own, a stripe that stays would never cool.
                random: UInt32(truncatingIfNeeded: random.next())
            )
            let verdict = policy.record(facts)
            if verdict == .relocate { sums.add(facts, under: policy) }
            judgements.append(Judgement(verdict: verdict, carried: policy.carriedUses(facts), aged: policy.agedUses(facts)))
        }
        return (judgements, sums)
    }

    private mutating func stay(_ stripe: Int, _ judgements: [Judgement], heat: Float) {
        hot.set(stripe, heat: heat)
        stripes[stripe].wasHot = true
        for (index, record) in stripes[stripe].records.enumerated() where places[Int(record.object)].serial == record.serial {
            places[Int(record.object)].uses = judgements[index].aged
        }
    }
}
