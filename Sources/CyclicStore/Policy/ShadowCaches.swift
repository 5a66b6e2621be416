// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Small models of the store side by side, each with a tuning of its own, fed with a sample of the keys: the tuning that does best in its
/// model is the one to use.
///
/// A sample by the bits of the key hash keeps every request of the keys it has, so a model with as large a part of the volume's bytes as
/// of the keys sees the hit ratio that the volume would see (spatial sampling, SHARDS, Waldspurger and others, FAST 2015). The sample
/// starts with all keys and is halved whenever the models hold more objects than their bound (as in SHARDS with a fixed size), so that a
/// small store is modelled closely and a large one cheaply: one key in 64 at half a million objects on disk.
///
/// Only the disk is modelled. What memory does is the same under every tuning, so the models are told of the requests that memory did
/// not answer and of what leaves memory; a hit in memory costs nothing here.
///
/// Cost: a comparison for a key outside the sample; a table probe and one step for each candidate inside. Memory: bounded, see
/// ``byteCount``. Weakness: a candidate's score is of the past; traffic that changes faster than a log turns is followed late.
package struct ShadowCaches: Sendable {
    /// What the models are compared by.
    package struct Aim: Hashable, Sendable {
        /// What one byte written costs, in bytes fetched from the origin.
        package var writtenByteCost: Float
        /// Bytes that may be written in a second on average. Nil: as many as are worth it.
        package var bytesPerSecond: Double?

        /// Eight bytes written are worth three fetched. At a third of this twice the bytes are written for up to two points of hits: docs/policy.md.
        package static let defaultWrittenByteCost: Float = 0.375

        package init(writtenByteCost: Float = Self.defaultWrittenByteCost, bytesPerSecond: Double? = nil) {
            self.writtenByteCost = writtenByteCost
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// The tunings that are tried.
    package let candidates: [Tuning]
    /// One key in 2^this is in the sample.
    package private(set) var sampleShift: UInt64 = 0
    private let volumeBytes: Int
    private let maxObjects: Int
    private var value: HitValue
    private var random: SeededRandom

    // Objects of the sample. A slot is a number below `keys.count`; `table` finds it by open addressing.
    private var table: [UInt32]
    private var keys: [UInt64] = []
    private var lows: [UInt64] = []
    /// Where each candidate has each object: `places[slot * candidates.count + candidate]`.
    private var places: [Place] = []
    private var logs: [ShadowLog]
    private var requests = 0
    private var windowStart = 0
    private var windowSeconds = 0.0

    private struct Place {
        /// In the log: its write's number. As a ghost: the ghost's number.
        var stamp: UInt32 = 0
        var uses: UInt8 = 0
        var prior: UInt8 = 0
        var state = State.absent
    }

    private enum State: UInt8 { case absent, stored, ghost }

    /// - Parameters:
    ///   - volumeBytes: Bytes of the volume's stripes.
    ///   - maxObjects: Bound of the sample. With the candidates there are, an object takes about 200 bytes.
    package init(
        volumeBytes: Int,
        value: HitValue = HitValue(),
        candidates: [Tuning] = Self.usualCandidates,
        maxObjects: Int = 8192,
        seed: UInt64
    ) {
        self.volumeBytes = volumeBytes
        self.value = value
        self.candidates = candidates
        self.maxObjects = max(64, maxObjects)
        random = SeededRandom(seed: seed)
        var size = 256
        while size < maxObjects * 2 { size *= 2 }
        table = [UInt32](repeating: 0, count: size)
        logs = candidates.map { _ in ShadowLog(capacityBytes: volumeBytes) }
    }

    /// Chances of 0, 1/32, 3/16 and 1 with scores of 2, 4, 8 and 16.
    package static let usualCandidates: [Tuning] = [0, 2048, 12_288, 65_536].flatMap { chance in
        [2, 4, 8, 16].map { Tuning(writeChance: chance, relocationUses: $0) }
    }

    /// Bytes of memory.
    package var byteCount: Int {
        table.count * 4 + keys.capacity * 8 + places.capacity * MemoryLayout<Place>.stride + logs.reduce(0) { $0 + $1.byteCount }
    }

    /// Whether a key is in the sample. Callers ask before they do anything else.
    @inline(__always)
    package func samples(_ hash: KeyHash) -> Bool { hash.low & ((1 << sampleShift) - 1) == 0 }

    /// The mean size of requests, as the sample shows it.
    package var hitValue: HitValue { value }

    // MARK: What happens

    /// A request that memory did not answer, for a key in the sample.
    package mutating func request(_ hash: KeyHash, bytes: Int) {
        guard samples(hash) else { return }
        value.observe(bytes: bytes)
        requests += 1
        let ghostLimit = ghostLimit
        let base = slot(of: hash) * candidates.count
        let worth = value.worth(bytes: bytes)
        let noise = UInt32(truncatingIfNeeded: random.next())
        for candidate in candidates.indices {
            let place = places[base + candidate]
            switch place.state {
            case .absent: break
            case .stored:
                logs[candidate].worth += Double(worth)
                places[base + candidate].uses = UseClass(fourBits: UInt64(place.uses)).addingUse(random: noise).rawValue
            case .ghost:
                places[base + candidate].state = .absent
                if logs[candidate].remembers(place.stamp, limit: ghostLimit) {
                    write(base, candidate, bytes: bytes, prior: UseClass(uses: 2))
                }
            }
        }
    }

    /// An object that leaves memory, for a key in the sample.
    package mutating func departure(_ hash: KeyHash, bytes: Int, uses: Int) {
        guard samples(hash) else { return }
        let base = slot(of: hash) * candidates.count
        let prior = UseClass(uses: uses + 1)
        // One draw for all: a candidate with a higher chance writes all that one with a lower writes.
        let draw = Float(random.next() >> 40) * (1 / Float(1 << 24)) * value.cost(bytes: bytes) * Float(Tuning.always)
        for candidate in candidates.indices where places[base + candidate].state != .stored {
            if uses > 0 || logs[candidate].isFilling(with: bytes) || draw < Float(candidates[candidate].writeChance) {
                write(base, candidate, bytes: bytes, prior: prior)
            } else {
                places[base + candidate] = Place(stamp: logs[candidate].addGhost(), state: .ghost)
            }
        }
    }

    /// The tuning to use, from now to the next call. Cost: a few operations for each candidate.
    /// - Parameter seconds: Time since the last call, for the budget.
    package mutating func best(_ aim: Aim, seconds: Double) -> Tuning {
        windowSeconds += seconds
        let meanBytes = Double(max(1, value.meanBytes))
        var best: (score: Double, index: Int)?
        for index in logs.indices {
            let log = logs[index]
            var score = log.worth - Double(aim.writtenByteCost) * log.written / meanBytes
            if let limit = aim.bytesPerSecond, windowSeconds > 0 {
                let rate = log.written * Double(1 << sampleShift) / windowSeconds
                // What is over the budget would not be written, nobody knows what: the closer to the budget the better.
                if rate > limit { score -= (rate / limit - 1) * Double(max(1, requests - windowStart)) }
            }
            if score > best?.score ?? -.infinity { best = (score, index) }
        }
        forgetSome()
        // While nothing tells the candidates apart, the middle.
        guard let best, logs.contains(where: { $0.turned }) else { return Tuning() }
        return candidates[best.index]
    }

    /// Worth of hits and bytes written of each candidate in the current window, for reports.
    package var scores: [(tuning: Tuning, worth: Double, written: Double)] {
        zip(candidates, logs).map { ($0, $1.worth, $1.written) }
    }

    private mutating func forgetSome() {
        guard requests - windowStart > max(4096, 4 * keys.count) else { return }
        for index in logs.indices {
            logs[index].worth *= 0.5
            logs[index].written *= 0.5
        }
        windowSeconds *= 0.5
        windowStart = requests - (requests - windowStart) / 2
    }

    // MARK: One candidate's log

    private var ghostLimit: UInt32 { UInt32(clamping: max(64, value.objects(in: volumeBytes >> Int(sampleShift)))) }

    private mutating func write(_ base: Int, _ candidate: Int, bytes: Int, prior: UseClass) {
        guard bytes <= logs[candidate].capacityBytes / 2 else { return }
        let stamp = logs[candidate].append(object: UInt32(base / candidates.count), bytes: bytes)
        places[base + candidate] = Place(stamp: stamp, prior: prior.rawValue, state: .stored)
        while let entry = logs[candidate].takeBack() {
            let position = Int(entry.object) * candidates.count + candidate
            guard position < places.count else { continue }
            let place = places[position]
            guard place.state == .stored, place.stamp == entry.stamp else { continue }
            logs[candidate].live -= 1
            let facts = ReclaimPolicy.RecordFacts(
                isIndexed: true,
                uses: UseClass(fourBits: UInt64(place.uses)),
                priorUses: UseClass(fourBits: UInt64(place.prior)),
                bytes: Int(entry.bytes),
                random: entry.stamp &* 0x9e37_79b1
            )
            let policy = ReclaimPolicy(.gyre, tuning: candidates[candidate], value: value)
            if policy.record(facts) == .relocate {
                let stamp = logs[candidate].append(object: entry.object, bytes: Int(entry.bytes))
                places[position] = Place(stamp: stamp, prior: policy.carriedUses(facts).rawValue, state: .stored)
            } else {
                places[position].state = .absent
            }
        }
    }

    // MARK: The sample

    private mutating func slot(of hash: KeyHash) -> Int {
        let key = hash.high
        var position = Int(truncatingIfNeeded: key) & (table.count - 1)
        while table[position] != 0 {
            let slot = Int(table[position]) - 1
            if keys[slot] == key { return slot }
            position = (position + 1) & (table.count - 1)
        }
        if keys.count == maxObjects {
            makeRoom()
            return slot(of: hash)
        }
        keys.append(key)
        lows.append(hash.low)
        places.append(contentsOf: repeatElement(Place(), count: candidates.count))
        table[position] = UInt32(keys.count)
        return keys.count - 1
    }

    /// Forgets what no candidate knows any more; when that is not much, halves the sample.
    private mutating func makeRoom() {
        if forgetUnknown() * 4 > maxObjects * 3 {
            sampleShift += 1
            for index in logs.indices { logs[index].halve(capacityBytes: volumeBytes >> Int(sampleShift)) }
            forgetUnknown()
            windowStart += (requests - windowStart) / 2
        }
    }

    @discardableResult
    private mutating func forgetUnknown() -> Int {
        let width = candidates.count
        let ghostLimit = ghostLimit
        var newSlots = [UInt32](repeating: .max, count: keys.count)
        var kept = 0
        for slot in keys.indices where samples(KeyHash(high: keys[slot], low: lows[slot])) {
            let isKnown = candidates.indices.contains { candidate in
                let place = places[slot * width + candidate]
                return place.state == .stored || place.state == .ghost && logs[candidate].remembers(place.stamp, limit: ghostLimit)
            }
            guard isKnown else { continue }
            newSlots[slot] = UInt32(kept)
            if kept != slot {
                keys[kept] = keys[slot]
                lows[kept] = lows[slot]
                for candidate in 0..<width { places[kept * width + candidate] = places[slot * width + candidate] }
            }
            kept += 1
        }
        keys.removeSubrange(kept...)
        lows.removeSubrange(kept...)
        places.removeSubrange((kept * width)...)
        for index in logs.indices {
            logs[index].rename(newSlots)
            logs[index].live = (0..<kept).reduce(0) { $0 + (places[$1 * width + index].state == .stored ? 1 : 0) }
        }
        for position in table.indices { table[position] = 0 }
        for slot in keys.indices {
            var position = Int(truncatingIfNeeded: keys[slot]) & (table.count - 1)
            while table[position] != 0 { position = (position + 1) & (table.count - 1) }
            table[position] = UInt32(slot + 1)
        }
        return kept
    }
}

/// The cyclic log of one candidate, in order of writing.
struct ShadowLog: Sendable {
    struct Entry {
        var object: UInt32
        var stamp: UInt32
        var bytes: UInt32
    }

    private(set) var capacityBytes: Int
    private var entries: [Entry] = []
    private var first = 0
    private var usedBytes = 0
    private var nextStamp: UInt32 = 1
    private var nextGhost: UInt32 = 0
    /// Objects that are on the candidate's disk.
    var live = 0
    /// Worth of the hits so far.
    var worth = 0.0
    /// Bytes written so far.
    var written = 0.0
    /// Something was taken back.
    private(set) var turned = false

    init(capacityBytes: Int) { self.capacityBytes = capacityBytes }

    var byteCount: Int { entries.capacity * MemoryLayout<Entry>.stride }

    func isFilling(with bytes: Int) -> Bool { !turned && usedBytes + bytes <= capacityBytes }

    mutating func append(object: UInt32, bytes: Int) -> UInt32 {
        let stamp = nextStamp
        nextStamp &+= 1
        entries.append(Entry(object: object, stamp: stamp, bytes: UInt32(clamping: bytes)))
        usedBytes += bytes
        written += Double(bytes)
        live += 1
        return stamp
    }

    /// The oldest entry, while there is too much.
    mutating func takeBack() -> Entry? {
        guard usedBytes > capacityBytes, first < entries.count else { return nil }
        turned = true
        let entry = entries[first]
        first += 1
        usedBytes -= Int(entry.bytes)
        if first > 1024, first * 2 > entries.count {
            entries.removeSubrange(..<first)
            first = 0
        }
        return entry
    }

    mutating func addGhost() -> UInt32 {
        nextGhost &+= 1
        return nextGhost
    }

    /// Whether it is one of the latest.
    func remembers(_ ghost: UInt32, limit: UInt32) -> Bool { nextGhost &- ghost < limit }

    /// The sample and the capacity become half of what they were.
    mutating func halve(capacityBytes bytes: Int) {
        capacityBytes = bytes
        worth *= 0.5
        written *= 0.5
    }

    /// Objects have new numbers; `.max`: gone.
    mutating func rename(_ slots: [UInt32]) {
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count - first)
        usedBytes = 0
        for entry in entries[first...] where slots[Int(entry.object)] != .max {
            kept.append(Entry(object: slots[Int(entry.object)], stamp: entry.stamp, bytes: entry.bytes))
            usedBytes += Int(entry.bytes)
        }
        entries = kept
        first = 0
    }
}
