// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which stripe is where in the turn of a volume: a pure state machine. The volume tells it what happened and does what it answers.
///
/// Stripes are opened in order of position, round and round. Ahead of the head a few stripes are kept clean, so that a membuf never waits
/// for reclaim. Guard against overwriting under a read: a stripe becomes clean only when it is empty of index entries (so no new lease
/// can be taken) and the last lease has been given back.
struct StripeCycle {
    enum Phase: UInt8 {
        /// May be filled. Next: filling.
        case clean
        /// A membuf stands for it; readers use the membuf. Next: live.
        case filling
        /// On disk, readable. Next: reclaiming.
        case live
        /// Its directory is being read and its entries removed; still readable. Next: draining.
        case reclaiming
        /// No entry points to it any more; the last readers finish. Next: clean.
        case draining
    }

    private struct Stripe {
        var sequence: UInt64 = 0
        var leases: UInt32 = 0
        var phase = Phase.live
        /// No index entry points here: reclaim needs no directory.
        var isEmpty = true
    }

    private var stripes: [Stripe]
    /// The position that is opened next.
    private(set) var head: Int
    /// The position that is reclaimed next.
    private var tail: Int
    private(set) var nextSequence: UInt64
    /// Every stripe with a lower sequence has been taken back. Only grows.
    private(set) var oldestSequence: UInt64
    private let cleanGoal: Int
    /// Positions between head and tail: clean or on the way there.
    private var ahead = 0

    /// - Parameters:
    ///   - sequences: The sequence of each stripe found on disk, nil where there is none to trust.
    ///   - cleanGoal: How many stripes to keep clean ahead of the head.
    ///   - sequenceGap: Sequences left out before the next one. A stripe of an earlier run that was torn by a crash may carry some of the
    ///     numbers behind the newest one that can be read; a random gap keeps its records from ever passing for those of a stripe to come.
    ///   - oldestSequence: Stripes with a lower sequence were taken back in an earlier run.
    init(sequences: [UInt64?], cleanGoal: Int, sequenceGap: UInt32 = 0, oldestSequence: UInt64 = 0) {
        stripes = sequences.map { sequence in
            sequence.map { Stripe(sequence: $0, isEmpty: false) } ?? Stripe()
        }
        let newest = sequences.enumerated().max { ($0.element ?? 0) < ($1.element ?? 0) }
        if let newest, let sequence = newest.element {
            head = (newest.offset + 1) % sequences.count
            nextSequence = sequence + 1 + UInt64(sequenceGap)
        } else {
            head = 0
            nextSequence = 1 + UInt64(sequenceGap)
        }
        tail = head
        self.cleanGoal = cleanGoal
        self.oldestSequence = oldestSequence
    }

    /// How many stripes a volume keeps clean.
    static func cleanGoal(stripes count: Int) -> Int { max(1, min(4, count / 4)) }

    var count: Int { stripes.count }
    func phase(_ stripe: Int) -> Phase { stripes[stripe].phase }
    func sequence(_ stripe: Int) -> UInt64 { stripes[stripe].sequence }
    func leases(_ stripe: Int) -> Int { Int(stripes[stripe].leases) }

    /// Whether the next stripe is clean.
    var canOpen: Bool { ahead > 0 && stripes[head].phase == .clean }

    /// Takes the next stripe for a membuf, if it is clean.
    mutating func open() -> (stripe: Int, sequence: UInt64)? {
        guard ahead > 0, stripes[head].phase == .clean else { return nil }
        let stripe = head
        stripes[stripe].phase = .filling
        stripes[stripe].isEmpty = true
        stripes[stripe].sequence = nextSequence
        nextSequence += 1
        head = (head + 1) % stripes.count
        ahead -= 1
        return (stripe, stripes[stripe].sequence)
    }

    /// A filled stripe is on disk, or its write failed and its entries have been removed.
    mutating func finish(_ stripe: Int, written: Bool) {
        assert(stripes[stripe].phase == .filling)
        stripes[stripe].phase = .live
        stripes[stripe].isEmpty = !written
    }

    /// The next stripe whose directory must be read and removed, if more clean ones are wanted. Empty stripes on the way are passed at once.
    mutating func reclaimNext() -> Int? {
        while ahead < cleanGoal, ahead < stripes.count - 1, stripes[tail].phase == .live {
            let stripe = tail
            tail = (tail + 1) % stripes.count
            ahead += 1
            oldestSequence = max(oldestSequence, stripes[stripe].sequence + 1)
            if stripes[stripe].isEmpty {
                drain(stripe)
            } else {
                stripes[stripe].phase = .reclaiming
                return stripe
            }
        }
        return nil
    }

    /// All entries of a reclaimed stripe have been removed from the index.
    mutating func emptied(_ stripe: Int) {
        assert(stripes[stripe].phase == .reclaiming)
        stripes[stripe].isEmpty = true
        drain(stripe)
    }

    private mutating func drain(_ stripe: Int) {
        stripes[stripe].phase = stripes[stripe].leases == 0 ? .clean : .draining
    }

    /// A reader will read from the disk image of this stripe.
    mutating func lease(_ stripe: Int) {
        assert(stripes[stripe].phase == .live || stripes[stripe].phase == .reclaiming)
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

    /// Stripes with records on disk.
    var liveCount: Int { stripes.reduce(0) { $0 + ($1.phase == .live && !$1.isEmpty ? 1 : 0) } }

    /// Checks what must always hold; used by tests and by debug builds.
    func checkInvariants() {
        var position = head
        for _ in 0..<ahead {
            precondition([.clean, .reclaiming, .draining].contains(stripes[position].phase))
            position = (position + 1) % stripes.count
        }
        precondition(position == tail)
        for _ in 0..<(stripes.count - ahead) {
            precondition([.filling, .live].contains(stripes[position].phase))
            position = (position + 1) % stripes.count
        }
        for stripe in stripes {
            precondition(stripe.sequence < nextSequence)
            precondition(stripe.phase != .clean || stripe.leases == 0, "a clean stripe has a reader")
            precondition(stripe.phase != .filling || stripe.leases == 0, "a stripe is filled under a reader")
        }
    }
}
