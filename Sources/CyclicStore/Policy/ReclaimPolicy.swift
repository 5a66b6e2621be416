// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a reclaim decides with: how records and whole stripes that the head is about to reach are judged. A value without I/O, clock or
/// randomness of its own.
///
/// The volume asks in this order. For each directory entry of the stripe ``record(_:)``; then once ``stripe(_:)`` with the sums. `reclaim`
/// means that the records judged `relocate` are copied, with ``carriedUses(_:)`` as their prior uses, and the others forgotten. `stay`
/// means that nothing is copied and the turn passes over the stripe; the volume then sets its records' use counts to ``agedUses(_:)``,
/// and gives no prior uses when it asks the next time, since they are in the counts. `replaceCoolest` is `stay` with one more word: the
/// hot stripe of least heat goes back into the turn, which reclaims it like any other when it comes to it.
///
/// Hot stripes have a replacement of their own. A stripe becomes hot when three quarters of its bytes would be carried. At most a quarter of
/// the volume is hot; then the coolest gives way to a stripe that is a quarter hotter, heat being the worth of the uses its records would be
/// carried for. A hot stripe is judged anew whenever the turn comes by, with its counts aged, and goes when its heat is gone.
///
/// A record is judged by its score: its uses since it was written, and three quarters of the score it had then. What was used much some
/// turns ago outlives what was used once lately (frequency with ageing, as in LFU with dynamic ageing, Arlitt and others, ACM SIGMETRICS
/// PER 2000), and it is forgotten after a few turns without use. Weakness: all uses within one turn count the same, early or late.
package struct ReclaimPolicy: Hashable, Sendable {
    /// What was chosen by the operator.
    package let replacement: Replacement
    /// Set while the store runs.
    package var tuning: Tuning
    /// Weighs sizes against each other; its mean size is set while the store runs.
    package var value: HitValue

    package init(_ replacement: Replacement, tuning: Tuning = Tuning(), value: HitValue = HitValue()) {
        self.replacement = replacement
        self.tuning = tuning
        self.value = value
    }

    // MARK: Reading from disk

    /// What is known of a record that is being read from the disk.
    package struct HitFacts: Hashable, Sendable {
        /// Stripes opened since the record's stripe was.
        package var stripesSince: Int
        /// Stripes of the volume.
        package var stripeCount: Int

        package init(stripesSince: Int, stripeCount: Int) {
            self.stripesSince = stripesSince
            self.stripeCount = stripeCount
        }
    }

    /// Whether a hit on the disk copies the record to the head. Only ``Replacement/relocateOnHit(percent:)`` ever says so.
    package func copiesToHead(_ hit: HitFacts) -> Bool {
        guard case .relocateOnHit(let percent) = replacement, percent < 100 else { return false }
        return hit.stripesSince * 100 > percent * hit.stripeCount
    }

    // MARK: Reclaim

    /// What is known of a record in a stripe that is about to be reclaimed.
    package struct RecordFacts: Hashable, Sendable {
        /// The index still points at this record: it is neither replaced nor removed.
        package var isIndexed: Bool
        /// Uses since it was written here, or since the turn last passed over it.
        package var uses: UseClass
        /// Uses before it was last relocated.
        package var priorUses: UseClass
        /// Length on disk, in bytes.
        package var bytes: Int
        /// Length of the object that it is a part of, a fragment or the head, in bytes; as ``bytes`` where it is the whole object. All parts are
        /// judged by it, so that they share one fate.
        package var objectBytes: Int
        /// Any 32 bits, another each time: scores are kept in classes, and rounded by chance so that they are right on average.
        package var random: UInt32

        package init(isIndexed: Bool, uses: UseClass, priorUses: UseClass = .none, bytes: Int, objectBytes: Int? = nil, random: UInt32 = 0)
        {
            self.isIndexed = isIndexed
            self.uses = uses
            self.priorUses = priorUses
            self.bytes = bytes
            self.objectBytes = max(bytes, objectBytes ?? bytes)
            self.random = random
        }
    }

    package enum RecordVerdict: Hashable, Sendable { case drop, relocate }

    package func record(_ facts: RecordFacts) -> RecordVerdict {
        guard facts.isIndexed, case .gyre = replacement else { return .drop }
        return score(facts) >= tuning.relocationUses * value.cost(bytes: facts.objectBytes) ? .relocate : .drop
    }

    /// What the relocated copy's directory entry gets as prior uses.
    package func carriedUses(_ facts: RecordFacts) -> UseClass {
        UseClass(uses: score(facts), random: facts.random)
    }

    /// What the use count of a record becomes whose stripe stays.
    package func agedUses(_ facts: RecordFacts) -> UseClass {
        UseClass(uses: score(facts) * ageing, random: facts.random)
    }

    /// What is known of a stripe when its records have been judged.
    package struct StripeFacts: Hashable, Sendable {
        /// Bytes of the stripe.
        package var stripeBytes: Int
        /// Stripes of the volume.
        package var stripeCount: Int
        /// Stripes outside the turn, this one left out.
        package var hotStripes: Int
        /// The least heat of them.
        package var leastHeat: Float
        /// Bytes of its records that would be relocated.
        package private(set) var relocatedBytes = 0
        /// What the uses of the records that would be relocated are worth, in requests.
        package private(set) var heat: Float = 0

        package init(stripeBytes: Int, stripeCount: Int, hotStripes: Int, leastHeat: Float = 0) {
            self.stripeBytes = stripeBytes
            self.stripeCount = stripeCount
            self.hotStripes = hotStripes
            self.leastHeat = leastHeat
        }

        /// Takes in a record that was judged `relocate`.
        package mutating func add(_ record: RecordFacts, under policy: ReclaimPolicy) {
            relocatedBytes += record.bytes
            // A part has its share of what a hit of the object is worth.
            heat += score(record) * policy.value.worth(bytes: record.objectBytes) * Float(record.bytes) / Float(record.objectBytes)
        }
    }

    package enum StripeVerdict: Hashable, Sendable { case reclaim, stay, replaceCoolest }

    package func stripe(_ facts: StripeFacts) -> StripeVerdict {
        guard case .gyre = replacement else { return .reclaim }
        guard facts.relocatedBytes * 100 >= facts.stripeBytes * Self.hotPercent else { return .reclaim }
        if facts.hotStripes < Self.hotLimit(stripes: facts.stripeCount) { return .stay }
        return facts.hotStripes > 0 && facts.heat >= facts.leastHeat * Self.heatToReplace ? .replaceCoolest : .reclaim
    }

    /// Most stripes of a volume that may be hot: the turn must always find room.
    package static func hotLimit(stripes: Int) -> Int { stripes * maxHotPercentOfVolume / 100 }

    /// A stripe with at least this share of bytes worth relocating stays: copying it would cost more writes than its idle rest costs room.
    static let hotPercent = 75
    static let maxHotPercentOfVolume = 25
    /// How much hotter than the coolest a stripe must be to take its place: what gives way is copied once more, or lost.
    static let heatToReplace: Float = 1.25
}

/// Uses since the record was written here, and what is left of those before.
@inline(__always)
private func score(_ facts: ReclaimPolicy.RecordFacts) -> Float {
    Float(facts.uses.uses) + ageing * Float(facts.priorUses.uses)
}

/// What is left of a score after a turn.
private let ageing: Float = 0.75
