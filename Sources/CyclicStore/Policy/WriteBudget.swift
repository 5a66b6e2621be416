// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How many bytes may be written to the device, over a second and over a day: a value with the time handed in.
///
/// Each bound is kept twice. A bucket of tokens (leaky bucket, Turner, IEEE Communications 1986) spreads the bytes over the time, and a
/// window of small slots that slides over the last ten seconds, or the last day, is never let above its sum, whatever came before. The
/// window is one slot longer than its time, so that where a slot begins makes no difference; that is the half per cent by which the
/// budget is underspent.
///
/// Relocation gives way first: it may not take the last half of the tokens. Admission may take all. Reads ask nobody. Purges need no tokens,
/// only room in the window of ten seconds (``takeUrgent(_:isWaiting:now:)``): a hundredth of a window of a hundred grains or more is kept
/// for them, and one that finds none is next when room comes; the others make up for what it takes. Nothing of the day is kept for them: they
/// are charged to it.
/// Weakness: what is left over in a quiet hour is kept for ``secondsSaved`` only; a day with all its demand in one hour underspends.
package struct WriteBudget: Sendable {
    /// Most bytes a second, over any ten seconds. Nil: no such bound.
    package let bytesPerSecond: Int?
    /// Most bytes a day, over any day. Nil: no such bound.
    package let bytesPerDay: Int?

    private var buckets: [Bucket] = []
    /// Urgent bytes that were refused and will be asked for again.
    private var waitingBytes = 0

    /// What the bytes are for.
    package enum Purpose: Sendable { case relocation, admission }

    /// What gives way now.
    package enum Pressure: UInt8, Comparable, Sendable {
        /// Nothing.
        case none
        /// Records are not relocated.
        case noRelocation
        /// Objects are not admitted either.
        case noAdmission

        package static func < (a: Pressure, b: Pressure) -> Bool { a.rawValue < b.rawValue }
    }

    /// - Parameters:
    ///   - grain: Bytes that are usually taken at once: a stripe. A budget below one grain in ten seconds, or in a day, never lets anything
    ///     through; the configuration refuses it.
    ///   - now: Nanoseconds on a clock that does not go back.
    package init(bytesPerSecond: Int? = nil, bytesPerDay: Int? = nil, grain: Int = 1, now: Int) {
        self.bytesPerSecond = bytesPerSecond
        self.bytesPerDay = bytesPerDay
        if let bytesPerSecond {
            buckets.append(
                Bucket(
                    bytes: bytesPerSecond * 10,
                    over: 10 * Self.second,
                    slots: 200,
                    saved: max(bytesPerSecond, min(2 * grain, bytesPerSecond * 10)),
                    kept: bytesPerSecond * 10 < 100 * grain ? 0 : bytesPerSecond / 10,
                    now: now
                )
            )
        }
        if let bytesPerDay {
            let saved = Int(Double(bytesPerDay) * Double(Self.secondsSaved) / 86_400)
            buckets.append(
                Bucket(
                    bytes: bytesPerDay,
                    over: 86_400 * Self.second,
                    slots: Self.daySlots - 1,
                    saved: max(saved, min(2 * grain, bytesPerDay)),
                    kept: 0,
                    now: now
                )
            )
        }
    }

    /// No bound at all.
    package static let unlimited = WriteBudget(now: 0)

    /// How long unused bytes of the day are kept: four hours.
    package static let secondsSaved = 4 * 3600
    private static let second = 1_000_000_000

    /// The bound on a long average, in bytes per second; nil without one. For choosing tunings that can keep to it.
    package var meanBytesPerSecond: Double? {
        let daily = bytesPerDay.map { Double($0) / 86_400 }
        guard let bytesPerSecond else { return daily }
        return min(Double(bytesPerSecond), daily ?? .infinity)
    }

    /// Takes bytes that are about to be written, from every bound or from none.
    /// - Returns: False when there are not enough: the write does not happen.
    package mutating func take(_ bytes: Int, for purpose: Purpose, now: Int) -> Bool {
        for index in buckets.indices {
            buckets[index].advance(to: now)
            guard allows(bytes, for: purpose, index) else { return false }
        }
        for index in buckets.indices { buckets[index].spend(bytes) }
        return true
    }

    /// Takes bytes that go before all others and need room in the window of ten seconds only.
    ///
    /// - Parameter isWaiting: The same bytes were refused before.
    /// - Returns: False where they would go above the bound. They must be asked for again, or given up with ``stopWaiting(_:)``: until then the others
    ///   leave them room, so that it comes within the time in which the window lets go of as many bytes. More than the whole window is never refused.
    package mutating func takeUrgent(_ bytes: Int, isWaiting: Bool, now: Int) -> Bool {
        if isWaiting { waitingBytes -= bytes }
        if bytesPerSecond != nil, let first = buckets.indices.first {
            buckets[first].advance(to: now)
            guard buckets[first].hasRoom(bytes) else {
                waitingBytes += bytes
                return false
            }
        }
        charge(bytes, now: now)
        return true
    }

    /// Urgent bytes that were refused will not be asked for again.
    package mutating func stopWaiting(_ bytes: Int) { waitingBytes -= bytes }

    /// Counts bytes that are written whatever the bounds say.
    package mutating func charge(_ bytes: Int, now: Int) {
        for index in buckets.indices {
            buckets[index].advance(to: now)
            buckets[index].spend(bytes)
        }
    }

    /// After a restart: of what was written shortly before nothing is known, so nothing is saved up, and the bound by the second begins with one
    /// burst of debt. Then what came before and what comes now keep within the bound together.
    package mutating func beginAgain() {
        for index in buckets.indices { buckets[index].tokens = bytesPerSecond != nil && index == 0 ? -buckets[index].saved : 0 }
    }

    /// What a write of this many bytes would meet now.
    package mutating func pressure(bytes: Int, now: Int) -> Pressure {
        for index in buckets.indices { buckets[index].advance(to: now) }
        if !buckets.indices.allSatisfy({ allows(bytes, for: .admission, $0) }) { return .noAdmission }
        return buckets.indices.allSatisfy { allows(bytes, for: .relocation, $0) } ? .none : .noRelocation
    }

    private func allows(_ bytes: Int, for purpose: Purpose, _ index: Int) -> Bool {
        buckets[index].allows(bytes, besides: waitingBytes, for: purpose)
    }

    // MARK: Kept over restarts

    /// What was written of the bytes of the last day. Most of it is the window's slots, of five minutes each.
    package struct Day: Hashable, Sendable {
        /// Bytes saved up; below zero when more was charged than there were.
        package var tokens: Int
        /// Bytes by slot, the newest first.
        package var slots: [Int]

        package init(tokens: Int, slots: [Int]) {
            self.tokens = tokens
            self.slots = slots
        }
    }

    /// Slots of a ``Day``.
    package static let daySlots = 289

    /// The last day as it is now; nil without a bound by the day.
    package mutating func day(now: Int) -> Day? {
        guard bytesPerDay != nil, let last = buckets.indices.last else { return nil }
        buckets[last].advance(to: now)
        return buckets[last].day
    }

    /// Takes in what an earlier run left, this many seconds ago.
    package mutating func resume(_ day: Day, secondsAgo: Int, now: Int) {
        guard bytesPerDay != nil, let last = buckets.indices.last else { return }
        buckets[last].advance(to: now)
        buckets[last].resume(day, nanosecondsAgo: max(0, min(secondsAgo, 10 * 86_400)) * Self.second)
    }

    /// One bound.
    private struct Bucket: Sendable {
        let limit: Int
        let slotNanoseconds: Int
        let saved: Double
        /// Bytes of the window that are left to what is urgent.
        let kept: Int
        let bytesPerNanosecond: Double
        var tokens: Double
        var now: Int
        /// Bytes of the slots that the window covers, a ring.
        var slots: [Int]
        var slot: Int
        var sum = 0

        init(bytes: Int, over nanoseconds: Int, slots count: Int, saved: Int, kept: Int, now: Int) {
            limit = bytes
            slotNanoseconds = nanoseconds / count
            self.saved = Double(saved)
            self.kept = kept
            bytesPerNanosecond = Double(bytes) / Double(nanoseconds)
            tokens = Double(saved)
            self.now = now
            slots = [Int](repeating: 0, count: count + 1)
            slot = now / slotNanoseconds
        }

        mutating func advance(to later: Int) {
            guard later > now else { return }
            tokens = min(saved, tokens + Double(later - now) * bytesPerNanosecond)
            now = later
            let last = later / slotNanoseconds
            // A long pause empties every slot once.
            var steps = min(last - slot, slots.count)
            var position = last - steps
            while steps > 0 {
                position += 1
                steps -= 1
                sum -= slots[position % slots.count]
                slots[position % slots.count] = 0
            }
            slot = last
        }

        func hasRoom(_ bytes: Int) -> Bool { sum + bytes <= limit || bytes > limit }

        func allows(_ bytes: Int, besides waiting: Int, for purpose: Purpose) -> Bool {
            guard sum + bytes + kept + waiting <= limit else { return false }
            return purpose == .admission ? tokens >= Double(bytes) : tokens >= max(Double(bytes), saved / 2)
        }

        var day: Day { Day(tokens: Int(tokens), slots: (0..<slots.count).map { slots[place($0)] }) }

        /// Where the slot is that was the current one so many slots ago.
        private func place(_ ago: Int) -> Int { (slot + slots.count - ago) % slots.count }

        /// - Parameter nanosecondsAgo: Rounded down to slots: rather counted for too long than not long enough.
        mutating func resume(_ day: Day, nanosecondsAgo: Int) {
            tokens = min(saved, Double(day.tokens) + Double(nanosecondsAgo) * bytesPerNanosecond)
            let passed = nanosecondsAgo / slotNanoseconds
            for (ago, bytes) in day.slots.enumerated() where ago + passed < slots.count {
                slots[place(ago + passed)] += bytes
                sum += bytes
            }
        }

        mutating func spend(_ bytes: Int) {
            tokens -= Double(bytes)
            sum += bytes
            slots[slot % slots.count] += bytes
        }
    }
}
