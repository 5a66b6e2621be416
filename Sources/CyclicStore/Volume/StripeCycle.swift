// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which stripe is where in the turn of a volume: a pure state machine. The volume tells it what happened and does what it answers.
///
/// Stripes are opened in order of position, round and round. Ahead of the head a few stripes are kept clean, so that a membuf never waits
/// for reclaim. Guard against overwriting under a read: a stripe becomes clean only when it is empty of index entries (so no new lease
/// can be taken) and the last lease has been given back.
///
/// A hot stripe stands outside the turn: the head passes over it, its bytes stay where they are. Each time the tail comes by it is judged
/// anew; between, it may be put back into the turn to make room for a hotter one.
struct StripeCycle {
    enum Phase: UInt8 {
        /// May be filled. Next: filling.
        case clean
        /// A membuf stands for it; readers use the membuf. Next: live.
        case filling
        /// On disk, readable. Next: reclaiming.
        case live
        /// Its directory is read, what is worth keeping is carried away, the other entries are removed; still readable. Next: draining, hot.
        case reclaiming
        /// No entry points to it any more; the last readers finish. Next: clean.
        case draining
        /// On disk, readable, passed over by the head. Next: reclaiming, live.
        case hot
    }

    private struct Stripe {
        var sequence: UInt64 = 0
        var leases: UInt32 = 0
        var phase = Phase.live
        /// No index entry points here: reclaim needs no directory.
        var isEmpty = true
        /// It has been hot since it was opened.
        var wasHot = false
        /// Older than its place says: the head passed over it, in this run or an earlier one.
        var isOld = false
    }

    private var stripes: [Stripe]
    /// The position that is opened next, hot stripes passed over.
    private(set) var head: Int
    /// The head's place, counted on and on: position = odometer modulo the number of stripes.
    private(set) var odometer: UInt64
    /// The position that is reclaimed next.
    private var tail: Int
    private(set) var nextSequence: UInt64
    private let cleanGoal: Int
    /// Positions between head and tail that are clean or on the way there.
    private var ahead = 0
    /// Positions between head and tail, hot ones too.
    private var span = 0
    private var hot: HotStripes
    /// Stripes with records on disk.
    private(set) var liveCount = 0
    /// Stripes never opened, in this run or, as far as is known, before.
    private var unwritten: Int
    /// Sequences of what is on disk in stripes that have been opened since, until the new bytes are there for good.
    private var replaced: [Int: UInt64] = [:]
    /// Most stripes that may be hot.
    let hotLimit: Int
    /// Grows whenever ``holds(_:sequence:)`` may answer otherwise than before.
    private(set) var changes = 0

    /// - Parameters:
    ///   - sequences: The sequence of each stripe found on disk, nil where there is none to trust.
    ///   - cleanGoal: How many stripes to keep clean ahead of the head.
    ///   - sequenceGap: Sequences left out before the next one. A stripe of an earlier run that was torn by a crash may carry some of the
    ///     numbers behind the newest one that can be read; a random gap keeps its records from ever passing for those of a stripe to come.
    init(sequences: [UInt64?], cleanGoal: Int, sequenceGap: UInt32 = 0) {
        let newest = sequences.enumerated().max { ($0.element ?? 0) < ($1.element ?? 0) }
        let start: Start
        if let newest, let sequence = newest.element {
            start = Start(odometer: UInt64(sequences.count + newest.offset + 1), nextSequence: sequence + 1 + UInt64(sequenceGap))
        } else {
            start = Start(odometer: UInt64(sequences.count), nextSequence: 1 + UInt64(sequenceGap))
        }
        self.init(sequences: sequences, cleanGoal: cleanGoal, start: start)
    }

    /// Where the turn goes on.
    struct Start: Hashable {
        /// The head's place; at least the number of stripes.
        var odometer: UInt64
        var nextSequence: UInt64
    }

    /// The sequence of a stripe that was not looked at yet: see ``learn(_:sequence:)``.
    static let unknownSequence: UInt64 = 0

    /// - Parameter sequences: As above; ``unknownSequence`` for a stripe that may hold something.
    init(sequences: [UInt64?], cleanGoal: Int, start: Start) {
        stripes = sequences.map { sequence in
            sequence.map { Stripe(sequence: $0, isEmpty: false) } ?? Stripe()
        }
        odometer = start.odometer
        head = Int(start.odometer % UInt64(sequences.count))
        nextSequence = start.nextSequence
        tail = head
        self.cleanGoal = cleanGoal
        hotLimit = ReclaimPolicy.hotLimit(stripes: sequences.count)
        hot = HotStripes(stripeCount: sequences.count)
        unwritten = sequences.count { $0 == nil }
        liveCount = sequences.count - unwritten
    }

    /// What is on disk in a stripe of which that was not known. False: it has been opened since, or taken back.
    mutating func learn(_ stripe: Int, sequence: UInt64) -> Bool {
        guard stripes[stripe].sequence == Self.unknownSequence, [.live, .reclaiming].contains(stripes[stripe].phase),
            !stripes[stripe].isEmpty
        else { return false }
        stripes[stripe].sequence = sequence
        changes += 1
        return stripes[stripe].phase == .live
    }

    /// A stripe that is on disk is older than its place says.
    mutating func noteOld(_ stripe: Int) { stripes[stripe].isOld = true }

    /// A stripe of which nothing was known holds nothing.
    mutating func learnEmpty(_ stripe: Int) {
        guard stripes[stripe].sequence == Self.unknownSequence, stripes[stripe].phase == .live, !stripes[stripe].isEmpty else { return }
        stripes[stripe].isEmpty = true
        unwritten += 1
        liveCount -= 1
        changes += 1
    }

    /// The place at which a stripe was opened last, or would have been.
    func place(of stripe: Int) -> UInt64 {
        let behind = (UInt64(head + stripes.count - stripe) + UInt64(stripes.count) - 1) % UInt64(stripes.count) + 1
        return odometer - behind
    }

    /// The place of the stripe that is opened next.
    var nextPlace: UInt64 {
        var place = odometer
        while stripes[Int(place % UInt64(stripes.count))].phase == .hot { place += 1 }
        return place
    }

    /// Whether a record that the index is to point to is there to be read: the stripe is on disk, with this sequence.
    func holds(_ stripe: Int, sequence: UInt64) -> Bool {
        stripes[stripe].sequence == sequence && !stripes[stripe].isEmpty
            && (stripes[stripe].phase == .live || stripes[stripe].phase == .hot)
    }

    /// What a snapshot says of a stripe, in one word.
    func snapshot(of stripe: Int) -> SnapshotStripe {
        let state = stripes[stripe]
        if state.phase == .live, state.isEmpty, state.sequence == 0 { return .neverWritten }
        guard state.phase == .live || state.phase == .hot, !state.isEmpty else { return .unknown }
        return SnapshotStripe(sequence: state.sequence, isHot: state.phase == .hot || state.isOld)
    }

    /// Whether some stripe has never been written: the head has not come round yet.
    var isFilling: Bool { unwritten > 0 }

    /// How many stripes a volume keeps clean.
    static func cleanGoal(stripes count: Int) -> Int { max(1, min(4, count / 4)) }

    var count: Int { stripes.count }
    func phase(_ stripe: Int) -> Phase { stripes[stripe].phase }
    func sequence(_ stripe: Int) -> UInt64 { stripes[stripe].sequence }
    func leases(_ stripe: Int) -> Int { Int(stripes[stripe].leases) }

    /// Whether the next stripes, this many, are clean.
    func canOpen(_ wanted: Int = 1) -> Bool {
        guard ahead >= wanted else { return false }
        var position = head
        var found = 0
        while found < wanted {
            switch stripes[position].phase {
            case .clean: found += 1
            case .hot: break
            default: return false
            }
            position = (position + 1) % stripes.count
        }
        return true
    }

    /// Takes the next stripe for a membuf, if it is clean.
    mutating func open() -> (stripe: Int, sequence: UInt64)? {
        guard canOpen() else { return nil }
        while stripes[head].phase == .hot { step() }
        let stripe = head
        stripes[stripe].phase = .filling
        // A stripe that was damaged, or whose write failed, counts as never written once more; that is rare and costs a few writes.
        if stripes[stripe].sequence == 0, unwritten > 0 { unwritten -= 1 }
        let old = stripes[stripe].sequence
        if old != Self.unknownSequence { replaced[stripe] = min(old, replaced[stripe] ?? old) }
        stripes[stripe].isEmpty = true
        stripes[stripe].wasHot = false
        stripes[stripe].isOld = false
        stripes[stripe].sequence = nextSequence
        nextSequence += 1
        changes += 1
        step()
        ahead -= 1
        return (stripe, stripes[stripe].sequence)
    }

    private mutating func step() {
        head = (head + 1) % stripes.count
        odometer += 1
        span -= 1
    }

    /// A filled stripe is on disk, or its write failed and its entries have been removed.
    mutating func finish(_ stripe: Int, written: Bool) {
        assert(stripes[stripe].phase == .filling)
        stripes[stripe].phase = .live
        stripes[stripe].isEmpty = !written
        if written { liveCount += 1 }
        changes += 1
    }

    /// The next stripe whose directory must be read, if more clean ones are wanted. Empty stripes on the way are passed at once.
    mutating func reclaimNext() -> Int? {
        while ahead < cleanGoal, span < stripes.count - 1, stripes[tail].phase == .live || stripes[tail].phase == .hot {
            let stripe = tail
            tail = (tail + 1) % stripes.count
            ahead += 1
            span += 1
            hot.remove(stripe)
            if stripes[stripe].isEmpty {
                drain(stripe)
            } else {
                stripes[stripe].phase = .reclaiming
                liveCount -= 1
                changes += 1
                return stripe
            }
        }
        return nil
    }

    /// The stripe whose membuf keeps the tail from moving, while more clean stripes are wanted.
    var blocking: Int? {
        ahead < cleanGoal && span < stripes.count - 1 && stripes[tail].phase == .filling ? tail : nil
    }

    /// Whether a stripe has been hot since it was opened.
    func wasHot(_ stripe: Int) -> Bool { stripes[stripe].wasHot }

    /// Whether the head has passed over a stripe since it was opened, in this run or an earlier one.
    func hasStayed(_ stripe: Int) -> Bool { stripes[stripe].wasHot || stripes[stripe].isOld }

    /// What was written to a stripe that was opened with this sequence has been synced: nothing older comes back.
    mutating func isOnDisk(_ stripe: Int, sequence: UInt64) {
        if stripes[stripe].sequence == sequence { replaced[stripe] = nil }
    }

    /// All entries of a reclaimed stripe have been removed from the index.
    mutating func emptied(_ stripe: Int) {
        assert(stripes[stripe].phase == .reclaiming)
        stripes[stripe].isEmpty = true
        drain(stripe)
    }

    /// Hot stripes.
    var hotCount: Int { hot.count }

    /// The least heat of a hot stripe; 0 without any.
    var leastHeat: Float { hot.coolest?.heat ?? 0 }

    /// A stripe under reclaim stays where it is, for one more turn or until it is the coolest and a hotter one comes. False when as many as may be
    /// are hot already.
    mutating func keep(_ stripe: Int, heat: Float = 0) -> Bool {
        assert(stripes[stripe].phase == .reclaiming)
        guard hot.count < hotLimit else { return false }
        stripes[stripe].phase = .hot
        stripes[stripe].wasHot = true
        hot.set(stripe, heat: heat)
        liveCount += 1
        changes += 1
        ahead -= 1
        return true
    }

    /// Puts the coolest hot stripe back into the turn, where its place is: the tail comes to it like to any other. False when there is none, or when
    /// it is where the tail has been already and the head has not.
    mutating func releaseCoolest() -> Bool {
        guard let stripe = hot.coolest?.stripe, (stripe + stripes.count - head) % stripes.count >= span else { return false }
        hot.remove(stripe)
        stripes[stripe].phase = .live
        stripes[stripe].isOld = true
        changes += 1
        return true
    }

    private mutating func drain(_ stripe: Int) {
        stripes[stripe].phase = stripes[stripe].leases == 0 ? .clean : .draining
    }

    /// A reader will read from the disk image of this stripe.
    mutating func lease(_ stripe: Int) {
        assert([.live, .reclaiming, .hot].contains(stripes[stripe].phase))
        stripes[stripe].leases += 1
    }

    /// The reader is done.
    mutating func release(_ stripe: Int) {
        assert(stripes[stripe].leases > 0)
        stripes[stripe].leases -= 1
        if stripes[stripe].leases == 0, stripes[stripe].phase == .draining { stripes[stripe].phase = .clean }
    }

    /// Reads under way, of all stripes.
    var leaseCount: Int { stripes.reduce(0) { $0 + Int($1.leases) } }

    /// Bytes of memory of the table.
    var byteCount: Int { stripes.count * MemoryLayout<Stripe>.stride }

    /// The sequence of the oldest stripe that a lookup can reach, in this run or after a crash: one that was taken back keeps its bytes until others are
    /// there for good. The next one's when there is none, 0 when that of some stripe is not known. Cost: a pass over all stripes.
    var oldestOnDisk: UInt64 {
        let oldest = stripes.reduce(nextSequence) { $1.isEmpty && $1.sequence == Self.unknownSequence ? $0 : min($0, $1.sequence) }
        return replaced.values.reduce(oldest, min)
    }

    /// Checks what must always hold; used by tests and by debug builds.
    func checkInvariants() {
        var position = head
        var cold = 0
        for _ in 0..<span {
            precondition([.clean, .reclaiming, .draining, .hot].contains(stripes[position].phase))
            if stripes[position].phase != .hot { cold += 1 }
            position = (position + 1) % stripes.count
        }
        precondition(position == tail && cold == ahead)
        for _ in 0..<(stripes.count - span) {
            precondition([.filling, .live, .hot].contains(stripes[position].phase))
            position = (position + 1) % stripes.count
        }
        precondition(hot.count == stripes.count { $0.phase == .hot } && hot.count <= hotLimit)
        precondition(stripes.indices.allSatisfy { hot.contains($0) == (stripes[$0].phase == .hot) })
        precondition(liveCount == stripes.count { ($0.phase == .live || $0.phase == .hot) && !$0.isEmpty })
        for stripe in stripes {
            precondition(stripe.sequence < nextSequence)
            precondition(stripe.phase != .clean || stripe.leases == 0, "a clean stripe has a reader")
            precondition(stripe.phase != .filling || stripe.leases == 0, "a stripe is filled under a reader")
        }
    }
}
