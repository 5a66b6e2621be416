// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct WriteBudgetTests {
    private static let second = 1_000_000_000
    private static let mebibyte = 1 << 20

    /// The most bytes of any ten seconds, each beginning where a write is.
    private func most(_ writes: [(time: Int, bytes: Int)], within nanoseconds: Int) -> Int {
        var most = 0
        var sum = 0
        var first = 0
        for write in writes {
            sum += write.bytes
            while writes[first].time <= write.time - nanoseconds {
                sum -= writes[first].bytes
                first += 1
            }
            most = max(most, sum)
        }
        return most
    }

    @Test(arguments: [20 << 20, 7_300_000, 3 << 20])
    func `a budget by the second is used within two per cent over a day and never exceeded in ten seconds`(rate: Int) {
        var budget = WriteBudget(bytesPerSecond: rate, grain: Self.mebibyte, now: 0)
        var random = SeededRandom(seed: 1)
        var writes: [(time: Int, bytes: Int)] = []
        var now = 0
        // Always more demand than budget.
        while now < 86_400 * Self.second {
            now += Int(random.next() % UInt64(Self.second * Self.mebibyte / rate))
            if budget.take(Self.mebibyte, for: .admission, now: now) { writes.append((now, Self.mebibyte)) }
        }
        let total = writes.reduce(0) { $0 + $1.bytes }
        #expect(abs(Double(total) / Double(rate * 86_400) - 1) < 0.02, "\(Double(total) / Double(rate * 86_400))")
        #expect(most(writes, within: 10 * Self.second) <= 10 * rate)
    }

    @Test func `a budget by the day is used within two per cent on every day, also when the demand comes in waves`() {
        let daily = 100 << 30
        var budget = WriteBudget(bytesPerDay: daily, grain: Self.mebibyte, now: 0)
        var random = SeededRandom(seed: 2)
        var writes: [(time: Int, bytes: Int)] = []
        var now = 0
        while now < 3 * 86_400 * Self.second {
            // Half an hour of demand at three times the rate, half an hour of quiet.
            let isQuiet = now / (1800 * Self.second) % 2 == 1
            now += isQuiet ? Self.second : Int(random.next() % UInt64(570 * 1_000_000))
            if !isQuiet, budget.take(Self.mebibyte, for: .admission, now: now) { writes.append((now, Self.mebibyte)) }
        }
        for day in 0..<3 {
            let range = (day * 86_400 * Self.second)..<((day + 1) * 86_400 * Self.second)
            let total = writes.filter { range.contains($0.time) }.reduce(0) { $0 + $1.bytes }
            #expect(abs(Double(total) / Double(daily) - 1) < 0.02, "day \(day): \(Double(total) / Double(daily))")
        }
        #expect(most(writes, within: 86_400 * Self.second) <= daily)
    }

    @Test func `a burst after a quiet time stays below both bounds`() {
        let rate = 10 << 20
        var budget = WriteBudget(bytesPerSecond: rate, bytesPerDay: rate * 40_000, grain: Self.mebibyte, now: 0)
        var writes: [(time: Int, bytes: Int)] = []
        for pause in [0, 5, 3600, 7, 100_000] {
            let start = (writes.last?.time ?? 0) + pause * Self.second
            for step in 0..<60_000 {
                let now = start + step * 1_000_000
                if budget.take(Self.mebibyte, for: .admission, now: now) { writes.append((now, Self.mebibyte)) }
            }
        }
        #expect(writes.count > 2000)
        #expect(most(writes, within: 10 * Self.second) <= 10 * rate)
    }

    @Test func `relocation gives way before admission`() {
        var budget = WriteBudget(bytesPerSecond: 100 << 20, grain: Self.mebibyte, now: 0)
        #expect(budget.pressure(bytes: Self.mebibyte, now: 0) == .none)
        var relocated = 0
        while budget.take(Self.mebibyte, for: .relocation, now: 0) { relocated += 1 }
        #expect(relocated > 0 && budget.pressure(bytes: Self.mebibyte, now: 0) == .noRelocation)
        var admitted = 0
        while budget.take(Self.mebibyte, for: .admission, now: 0) { admitted += 1 }
        #expect(admitted > 40 && budget.pressure(bytes: Self.mebibyte, now: 0) == .noAdmission)
    }

    @Test func `what must be written counts, and the others make up for it`() {
        let rate = 1 << 20
        var budget = WriteBudget(bytesPerSecond: rate, grain: 1 << 16, now: 0)
        var writes: [(time: Int, bytes: Int)] = []
        for step in 0..<60_000 {
            let now = step * 10_000_000
            if step % 50 == 0 {
                budget.charge(1 << 17, now: now)
                writes.append((now, 1 << 17))
            }
            if budget.take(1 << 16, for: .admission, now: now) { writes.append((now, 1 << 16)) }
        }
        let total = writes.reduce(0) { $0 + $1.bytes }
        #expect(abs(Double(total) / Double(rate * 600) - 1) < 0.02)
        #expect(most(writes, within: 10 * Self.second) <= 10 * rate + 2 << 17, "above by what was charged into a full window")
        // More than the bound: nothing else is written, and for as long as it takes to make up for it.
        budget.charge(30 * rate, now: 600 * Self.second)
        let early = budget.take(1 << 16, for: .admission, now: 625 * Self.second)
        let late = budget.take(1 << 16, for: .admission, now: 645 * Self.second)
        #expect(!early && late)
    }

    /// A page every tenth of a second beside more demand than there is budget, and now and then a hundred at once.
    @Test(arguments: [20 << 20, 3 << 20])
    func `what is urgent stays within ten seconds' bytes, and waits for the next stripe to leave at most`(
        rate: Int
    ) {
        var budget = WriteBudget(bytesPerSecond: rate, grain: Self.mebibyte, now: 0)
        var writes: [(time: Int, bytes: Int)] = []
        var waiting: [(since: Int, wasRefused: Bool)] = []
        var longest = 0
        for step in 0..<60_000 {
            let now = step * 10_000_000
            if step % 10 == 0 { waiting.append((now, false)) }
            if step % 6000 == 3000 { waiting += (0..<100).map { _ in (now, false) } }
            while let first = waiting.first {
                guard budget.takeUrgent(4096, isWaiting: first.wasRefused, now: now) else {
                    waiting[0].wasRefused = true
                    break
                }
                waiting.removeFirst()
                longest = max(longest, now - first.since)
                writes.append((now, 4096))
            }
            if budget.take(Self.mebibyte, for: .admission, now: now) { writes.append((now, Self.mebibyte)) }
        }
        #expect(most(writes, within: 10 * Self.second) <= 10 * rate)
        let total = writes.reduce(0) { $0 + $1.bytes }
        let share = Double(total) / Double(rate * 600)
        #expect(abs(share - 1) < (rate < 10 << 20 ? 0.05 : 0.02), "\(share)")
        // A window of a hundred stripes keeps room for them.
        #expect(longest <= (rate < 10 << 20 ? Self.second : 0), "\(longest)")
    }

    @Test func `what is urgent and given up leaves room to the others again, and more than the bound is let through`() {
        var budget = WriteBudget(bytesPerSecond: 1 << 20, grain: 1 << 16, now: 0)
        budget.charge(9 << 20, now: 0)
        let refused = budget.takeUrgent(2 << 20, isWaiting: false, now: 3 * Self.second)
        budget.stopWaiting(2 << 20)
        let passed = budget.takeUrgent(1 << 20, isWaiting: false, now: 3 * Self.second)
        let large = budget.takeUrgent(11 << 20, isWaiting: false, now: 3 * Self.second)
        #expect(!refused && passed && large)
        let later = budget.take(1 << 16, for: .admission, now: 400 * Self.second)
        #expect(later)
    }

    @Test func `a day goes on over restarts, however often and whatever the clock says`() throws {
        let daily = 10 << 30
        var random = SeededRandom(seed: 4)
        var writes: [(time: Int, bytes: Int)] = []
        var budget = WriteBudget(bytesPerDay: daily, grain: Self.mebibyte, now: 0)
        // `started` is where the monotonic clock of this run began.
        var (now, started) = (0, 0)
        var next = 3600 * Self.second
        while now < 2 * 86_400 * Self.second {
            now += 2 * Self.second
            if budget.take(Self.mebibyte, for: .admission, now: now - started) { writes.append((now, Self.mebibyte)) }
            guard now >= next else { continue }
            let found = budget.day(now: now - started)
            let day = try #require(found)
            #expect(day.slots.count == WriteBudget.daySlots)
            let away = Int(random.next() % 900)
            now += away * Self.second
            started = now - Int(random.next() % UInt64(86_400 * Self.second))
            next = now + Int(random.next() % 7200) * Self.second
            budget = WriteBudget(bytesPerDay: daily, grain: Self.mebibyte, now: now - started)
            budget.beginAgain()
            budget.resume(day, secondsAgo: away, now: now - started)
        }
        #expect(most(writes, within: 86_400 * Self.second) <= daily)
        let second = writes.filter { $0.time >= 86_400 * Self.second }.reduce(0) { $0 + $1.bytes }
        #expect(Double(second) > Double(daily) * 0.96, "\(Double(second) / Double(daily))")
    }

    @Test func `a restart gives no burst anew`() {
        let rate = 10 << 20
        var writes: [(time: Int, bytes: Int)] = []
        var now = 0
        for run in 0..<40 {
            var budget = WriteBudget(bytesPerSecond: rate, grain: Self.mebibyte, now: now)
            if run > 0 { budget.beginAgain() }
            let end = now + (run % 7 + 1) * Self.second
            while now < end {
                now += 5_000_000
                if budget.take(Self.mebibyte, for: .admission, now: now) { writes.append((now, Self.mebibyte)) }
            }
        }
        #expect(writes.count > 300)
        #expect(most(writes, within: 10 * Self.second) <= 10 * rate)
    }

    @Test func `without bounds everything passes, and a clock that stands still or goes back does no harm`() {
        var unlimited = WriteBudget.unlimited
        #expect(unlimited.take(.max / 2, for: .relocation, now: 0) && unlimited.pressure(bytes: .max / 2, now: 0) == .none)
        var budget = WriteBudget(bytesPerSecond: 1000, now: 50 * Self.second)
        while budget.take(100, for: .admission, now: 50 * Self.second) {}
        let before = budget.take(100, for: .admission, now: 10 * Self.second)
        let after = budget.take(100, for: .admission, now: 51 * Self.second)
        #expect(!before && after)
    }
}
