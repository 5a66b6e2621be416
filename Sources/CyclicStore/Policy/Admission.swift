// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Whether an object that was fetched is written to the disk at all, and when: a value that is given facts and answers.
///
/// `cyclic` and the ancestor write every object when it arrives. `gyre` keeps it in memory first. It is written
/// - when it arrives, if it is remembered as one that was seen lately and not written;
/// - when it leaves memory, if it was used there;
/// - when it leaves memory unused, with the chance q, the larger the object the less often;
/// - when it leaves memory, always, while the log has room that was never written and the write budget does not press.
///
/// What leaves unwritten is remembered in a ``GhostTable``. An object that does not fit in memory leaves it as it arrives.
/// Weakness: at q = 0 every object pays a second miss before it is on disk; at q = 1 every object asked for once is written. Hence q is
/// set while the store runs, see ``ShadowCaches``.
package struct Admission: Sendable {
    package let replacement: Replacement
    package var tuning: Tuning
    package var value: HitValue
    private var ghosts: GhostTable
    private var random: SeededRandom

    /// Decisions so far.
    package private(set) var counts = Counts()

    package struct Counts: Hashable, Sendable {
        /// Written because they came again.
        package var writtenAsGhosts = 0
        /// Written because they were used in memory.
        package var writtenAsUsed = 0
        /// Written by chance.
        package var writtenByChance = 0
        /// Written because there was room.
        package var writtenToFill = 0
        /// Not written.
        package var refused = 0
        /// Not written only because the write budget was used up.
        package var refusedByBudget = 0

        /// By the short names of the reasons.
        package var byReason: [String: Int] {
            [
                "seen-again": writtenAsGhosts, "used-in-memory": writtenAsUsed, "by-chance": writtenByChance, "filling": writtenToFill,
                "refused": refused, "over-budget": refusedByBudget,
            ]
        }
    }

    /// - Parameters:
    ///   - maxGhosts: Bound of the table of what was seen lately, in objects; two bytes each. It starts small, see
    ///     ``follow(_:_:volumeBytes:)``.
    ///   - seed: For the decisions by chance.
    package init(_ replacement: Replacement, tuning: Tuning = Tuning(), value: HitValue = HitValue(), maxGhosts: Int, seed: UInt64) {
        self.replacement = replacement
        self.tuning = tuning
        self.value = value
        ghosts = GhostTable(capacity: 1024, maxCapacity: maxGhosts)
        random = SeededRandom(seed: seed)
    }

    /// The bound for volumes of so many bytes: as many as objects of 8 KiB fit there, so that the table never decides the hit ratio.
    package static func maxGhosts(volumeBytes: Int) -> Int { max(1024, min(volumeBytes / 8192, 1 << 28)) }

    package enum Verdict: Hashable, Sendable {
        /// Write it, with these uses on its record.
        case write(priorUses: UseClass)
        case skip
    }

    /// What is known besides the object.
    package struct Circumstances: Hashable, Sendable {
        /// Part of the volume was never written.
        package var isFilling: Bool
        /// How hard the write budget presses.
        package var pressure: WriteBudget.Pressure

        package init(isFilling: Bool, pressure: WriteBudget.Pressure = .none) {
            self.isFilling = isFilling
            self.pressure = pressure
        }
    }

    /// Bytes of memory of what was seen lately.
    package var byteCount: Int { ghosts.byteCount }

    /// Takes over what was learnt from the sample, and follows it with the size of the table: as many objects are remembered as there would
    /// be on a disk full of objects of mean size.
    package mutating func follow(_ tuning: Tuning, _ value: HitValue, volumeBytes: Int) {
        self.tuning = tuning
        self.value = value
        ghosts.grow(toHold: value.objects(in: volumeBytes))
    }

    /// An object has been fetched and goes into memory.
    package mutating func arrival(_ hash: KeyHash, bytes: Int, _ now: Circumstances) -> Verdict {
        guard case .gyre = replacement else { return write(UseClass(uses: 1), now) }
        guard ghosts.remove(hash) else { return .skip }
        counts.writtenAsGhosts += 1
        return write(UseClass(uses: 2), now)
    }

    /// An object leaves memory, or could not be kept there.
    /// - Parameter uses: Hits in memory.
    package mutating func departure(_ hash: KeyHash, bytes: Int, uses: Int, isOnDisk: Bool, _ now: Circumstances) -> Verdict {
        guard case .gyre = replacement, !isOnDisk else { return .skip }
        if now.isFilling, now.pressure == .none {
            // What the budget has left over beside what is known to be used.
            counts.writtenToFill += 1
        } else if uses > 0 {
            counts.writtenAsUsed += 1
        } else if isChosen(bytes: bytes) {
            counts.writtenByChance += 1
        } else {
            counts.refused += 1
            ghosts.insert(hash)
            return .skip
        }
        return write(UseClass(uses: uses + 1), now)
    }

    /// An object that cannot be in memory as a whole begins to arrive: it is written as it comes, or never.
    package mutating func streamed(_ hash: KeyHash, bytes: Int, _ now: Circumstances) -> Verdict {
        let verdict = arrival(hash, bytes: bytes, now)
        return verdict == .skip ? departure(hash, bytes: bytes, uses: 0, isOnDisk: false, now) : verdict
    }

    /// Whether an unused object of this size is written by chance.
    private mutating func isChosen(bytes: Int) -> Bool {
        guard tuning.writeChance > 0 else { return false }
        let draw = Float(random.next() >> 40) * (1 / Float(1 << 24))
        return draw * value.cost(bytes: bytes) * Float(Tuning.always) < Float(tuning.writeChance)
    }

    private mutating func write(_ uses: UseClass, _ now: Circumstances) -> Verdict {
        guard now.pressure < .noAdmission else {
            counts.refusedByBudget += 1
            return .skip
        }
        return .write(priorUses: uses)
    }
}
