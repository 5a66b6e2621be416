// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct PurgeTableTests {
    private static let secret = HashSecret(word0: 11, word1: 22)

    private static func key(_ text: String) -> StoreKey {
        let bytes = Array(text.utf8)
        return StoreKey(hash: bytes.withUnsafeBytes { secret.hash($0) }, bytes: bytes)
    }

    private static func tags(_ names: [String]) -> [UInt64] { names.map { secret.tagHash(Array($0.utf8)) } }

    /// The oracle: every purge there ever was, gone through one by one.
    private struct PurgeList {
        var purges: [(scope: PurgeScope, mode: PurgeMode, serial: UInt64)] = []

        func verdict(serial: UInt64, key: String, tags: [String]) -> PurgeVerdict {
            var verdict = PurgeVerdict.current
            for purge in purges where purge.serial > serial {
                let matches =
                    switch purge.scope {
                    case .key(let purged): purged.bytes == Array(key.utf8)
                    case .tag(let tag): tags.contains { Array($0.utf8) == tag }
                    case .prefix(let prefix): Array(key.utf8).starts(with: prefix)
                    case .everything: true
                    }
                guard matches else { continue }
                if purge.mode == .hard { return .gone }
                verdict = .stale
            }
            return verdict
        }
    }

    /// All keys of up to three letters of two, every scope over them, in every order of three purges.
    @Test func `every small case agrees with the list of purges`() {
        let keys = ["a", "b", "aa", "ab", "ba", "bb", "aab"]
        let scopes: [PurgeScope] =
            [.everything, .tag([1]), .tag([2]), .prefix([]), .key(Self.key("a")), .key(Self.key("aab"))]
            + ["a", "b", "aa", "ab", "aab", "aabb"].map { .prefix(Array($0.utf8)) }
        let actions = scopes.flatMap { scope in PurgeMode.allCases.map { (scope, $0) } }
        var wrong = 0
        for first in actions {
            for second in actions {
                var table = PurgeTable(secret: Self.secret, capacity: 100)
                var list = PurgeList()
                for (index, (scope, mode)) in [first, second].enumerated() {
                    let serial = UInt64(10 + 10 * index)
                    table.insert(table.entry(scope, mode, serial: serial))
                    list.purges.append((scope, mode, serial))
                }
                for key in keys {
                    for tags in [[], ["\u{1}"], ["\u{1}", "\u{2}"]] {
                        for serial in [5, 15, 25] as [UInt64] {
                            let verdict = table.verdict(serial: serial, key: Self.key(key), tags: Self.tags(tags))
                            if verdict != list.verdict(serial: serial, key: key, tags: tags) { wrong += 1 }
                        }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `random purges agree with the list of purges`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = PurgeTable(secret: Self.secret, capacity: 100_000)
        var list = PurgeList()
        let hosts = ["http://a.example/", "http://b.example/", "http://b.example/shop/", "http://c.example/"]
        func text() -> String { hosts[Int(random.next() % 4)] + String(random.next() % 40) }
        var serial: UInt64 = 1
        for _ in 0..<600 {
            serial += 1
            let scope: PurgeScope
            switch random.next() % 40 {
            case 0: scope = .everything
            case 1...5: scope = .prefix(Array(text().utf8.prefix(Int(random.next() % 26))))
            case 6...20: scope = .tag(Array("tag \(random.next() % 60)".utf8))
            default: scope = .key(Self.key(text()))
            }
            let mode = random.next() % 3 == 0 ? PurgeMode.hard : .soft
            table.insert(table.entry(scope, mode, serial: serial))
            list.purges.append((scope, mode, serial))
            for _ in 0..<5 {
                let (key, written) = (text(), random.next() % (serial + 1))
                let tags = (0..<Int(random.next() % 4)).map { _ in "tag \(random.next() % 60)" }
                let expected = list.verdict(serial: written, key: key, tags: tags)
                let verdict = table.verdict(serial: written, key: Self.key(key), tags: Self.tags(tags))
                #expect(verdict == expected, "seed \(seed): \(key) \(tags) at \(written) of \(serial)")
            }
        }
        // What it lists makes a table of the same verdicts, in any order.
        var copy = PurgeTable(secret: Self.secret, capacity: 100_000)
        var entries: [PurgeEntry] = []
        table.forEach { entries.append($0) }
        entries.shuffle(using: &random)
        for entry in entries { copy.insert(entry) }
        for _ in 0..<500 {
            let (key, written, tags) = (Self.key(text()), random.next() % (serial + 1), Self.tags(["tag \(random.next() % 60)"]))
            let expected = table.verdict(serial: written, key: key, tags: tags)
            #expect(copy.verdict(serial: written, key: key, tags: tags) == expected, "seed \(seed)")
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `a full table purges too much and never too little`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = PurgeTable(secret: Self.secret, capacity: 64)
        var list = PurgeList()
        var (exact, excess) = (0, 0)
        for serial in 10..<1000 as Range<UInt64> {
            let scope: PurgeScope =
                random.next() % 2 == 0 ? .key(Self.key("\(random.next() % 500)")) : .tag(Array("\(random.next() % 500)".utf8))
            let mode = random.next() % 2 == 0 ? PurgeMode.hard : .soft
            table.insert(table.entry(scope, mode, serial: serial))
            list.purges.append((scope, mode, serial))
            #expect(table.count <= 64, "seed \(seed)")
            let order: [PurgeVerdict] = [.current, .stale, .gone]
            let (key, tag, written) = ("\(random.next() % 500)", "\(random.next() % 500)", random.next() % serial)
            let expected = order.firstIndex(of: list.verdict(serial: written, key: key, tags: [tag])) ?? 0
            let verdict = order.firstIndex(of: table.verdict(serial: written, key: Self.key(key), tags: Self.tags([tag]))) ?? 0
            #expect(verdict >= expected, "seed \(seed): too little at \(serial)")
            if verdict == expected { exact += 1 } else { excess += 1 }
            // The newest purges are never blurred.
            #expect(table.verdict(serial: serial, key: Self.key(key), tags: Self.tags([tag])) == .current)
        }
        #expect(table.collapses > 0 && exact > excess / 100)
    }

    @Test func `what is expired is dropped before anything is blurred`() {
        var table = PurgeTable(secret: Self.secret, capacity: 100)
        for serial in 1...10_000 as ClosedRange<UInt64> {
            table.expire(through: serial < 80 ? 0 : serial - 80)
            table.insert(table.entry(.key(Self.key("\(serial)")), .hard, serial: serial))
            if serial > 50 {
                #expect(table.verdict(serial: serial - 50, key: Self.key("\(serial - 20)")) == .gone)
                #expect(table.verdict(serial: serial - 50, key: Self.key("other")) == .current)
            }
        }
        #expect(table.collapses == 0 && table.count <= 100)
    }

    @Test func `an expired purge of everything is forgotten, a later one is not`() {
        var table = PurgeTable(secret: Self.secret, capacity: 100)
        table.insert(table.entry(.everything, .hard, serial: 10))
        table.insert(table.entry(.everything, .soft, serial: 20))
        table.expire(through: 15)
        table.dropExpired()
        #expect(table.floor == 15)
        #expect(table.verdict(serial: 16, key: Self.key("a")) == .stale)
        table.insert(table.entry(.key(Self.key("a")), .hard, serial: 12))
        #expect(table.count == 0, "purges at or below the floor match nothing")
    }

    @Test func `prefixes of more lengths than are kept purge a shorter prefix`() {
        var table = PurgeTable(secret: Self.secret, capacity: 10_000)
        let long = String(repeating: "x", count: 3000)
        var serial: UInt64 = 100
        for length in stride(from: 5, to: 2000, by: 7) {
            serial += 1
            let entry = table.entry(.prefix(Array(long.utf8.prefix(length))), .hard, serial: serial)
            table.insert(entry)
            #expect(table.prefixLengths <= PrefixTable.maxLengths)
            #expect(table.verdict(serial: serial - 1, key: Self.key(String(long.prefix(length)))) == .gone)
            guard case .prefix(let byteCount, _) = entry.subject else {
                Issue.record("not a prefix")
                return
            }
            #expect(byteCount <= length && byteCount >= 4)
        }
        #expect(table.verdict(serial: 1, key: Self.key("y" + long)) == .current)
        // A length that another journal used and that is no longer to be had purges everything: only its hash is known.
        table.insert(PurgeEntry(subject: .prefix(byteCount: 1999, 7), mode: .hard, serial: serial + 1))
        #expect(table.verdict(serial: serial, key: Self.key("y")) == .gone)
    }

    @Test func `a purge of everything makes the older ones unnecessary`() {
        var table = PurgeTable(secret: Self.secret, capacity: 1000)
        for serial in 1...500 as ClosedRange<UInt64> {
            table.insert(table.entry(.tag(Array("\(serial)".utf8)), serial % 2 == 0 ? .hard : .soft, serial: serial))
        }
        table.insert(table.entry(.everything, .soft, serial: 501))
        #expect(table.count == 250)
        table.insert(table.entry(.everything, .hard, serial: 502))
        #expect(table.count == 0 && table.byteCount == 0)
    }

    @Test func `a million purges take a bounded table and at most 31 bytes for an entry`() {
        var table = PurgeTable(secret: Self.secret, capacity: 200_000)
        var (worst, largest) = (0.0, 0)
        var random = SeededRandom(seed: 1)
        for serial in 1...1_000_000 as ClosedRange<UInt64> {
            table.insert(PurgeEntry(subject: .key(random.next()), mode: .hard, serial: serial))
            largest = max(largest, table.byteCount)
            if table.count == 100_000 || table.count == 200_000 { worst = max(worst, Double(table.byteCount) / Double(table.count)) }
        }
        #expect(table.count <= 200_000)
        #expect(largest <= 200_000 * 31, "largest: \(largest)")
        #expect(worst > 0 && worst <= 31, "worst: \(worst)")
    }
}
