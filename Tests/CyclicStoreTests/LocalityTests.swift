// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct LocalityTests {
    private static let parts = 20

    private func put(_ simulation: SimulatedStore, page: Int, grouped: Bool, part: Int) {
        let number = page * 100 + part
        let object = PlainObject(
            simulation.key(number),
            metadata: SimulatedStore.metadata(number: number, version: 1, count: 400),
            bytes: SimulatedStore.body(number, version: 1, count: 400)
        )
        #expect(simulation.store.put(object, group: grouped ? UInt64(page) : nil) == nil)
    }

    /// Pages of twenty parts that come all mixed up, and then the reads of the disk that a load of one page takes.
    private func readsPerPage(grouped: Bool, readsNeighbours: Bool, replacement: Replacement = .cyclic) throws -> Double {
        let simulation = try SimulatedStore(stripes: 64, memoryBytes: 400_000, seed: 1, replacement: replacement) {
            $0.readsNeighbours = readsNeighbours
        }
        let pages = 30
        for part in 0..<Self.parts {
            for page in 0..<pages {
                put(simulation, page: page, grouped: grouped, part: part)
                simulation.engine.run()
            }
        }
        // Others push them out of memory.
        for number in 10_000..<11_200 {
            simulation.put(number, version: 1, count: 900)
            simulation.engine.run()
        }
        simulation.flush()
        let before = simulation.store.statistics.volume?.deviceReads ?? 0
        for page in 0..<pages {
            for part in 0..<Self.parts {
                #expect(simulation.get(page * 100 + part) == 1)
                simulation.engine.run()
            }
        }
        return Double((simulation.store.statistics.volume?.deviceReads ?? 0) - before) / Double(pages)
    }

    @Test func `a page is read with two reads of the disk instead of one for each part`() throws {
        let without = try readsPerPage(grouped: false, readsNeighbours: true)
        let withGroups = try readsPerPage(grouped: true, readsNeighbours: true)
        let unread = try readsPerPage(grouped: true, readsNeighbours: false)
        print(
            "disk reads for a page of \(Self.parts) parts: \(without) without groups, \(withGroups) with, \(unread) with groups not read ahead"
        )
        #expect(without > 18 && withGroups <= 2.5 && unread > 18)
    }

    @Test func `with admission in memory, what leaves takes its group along`() throws {
        let withGroups = try readsPerPage(grouped: true, readsNeighbours: true, replacement: .gyre)
        print("disk reads for a page of \(Self.parts) parts, admission in memory: \(withGroups)")
        #expect(withGroups < 12)
    }

    /// A large member and the small ones that go with it are more than a stripe together.
    @Test func `what one stripe cannot hold of a group goes to the next`() throws {
        let simulation = try SimulatedStore(stripes: 64, memoryBytes: 150_000, seed: 11, replacement: .gyre)
        let members = 0..<9
        for number in members {
            let object = PlainObject(
                simulation.key(number),
                metadata: SimulatedStore.metadata(number: number, version: 1, count: number == 0 ? 50_000 : 4000),
                bytes: SimulatedStore.body(number, version: 1, count: number == 0 ? 50_000 : 4000)
            )
            #expect(simulation.store.put(object, group: 7) == nil)
        }
        for number in 100..<220 {
            simulation.put(number, version: 1, count: 2000)
            simulation.engine.run()
        }
        try simulation.flushAndSync()
        try simulation.kill()
        for number in members { #expect(simulation.get(number) == 1, "member \(number)") }
        simulation.engine.run()
        simulation.store.checkNothingLeaks()
    }

    @Test func `members that wait for their group are found, replaced and removed`() throws {
        let simulation = try SimulatedStore(seed: 2)
        for part in 0..<3 { put(simulation, page: 1, grouped: true, part: part) }
        #expect(simulation.store.statistics.volume?.recordsWritten == 0 && simulation.store.statistics.stagedBytes > 1200)
        #expect((0..<3).allSatisfy { simulation.get(100 + $0) == 1 })
        simulation.store.remove(simulation.key(100))
        simulation.put(101, version: 2, count: 50)
        #expect([100, 101, 102].map { simulation.get($0) } == [nil, 2, 1])
        simulation.flush()
        try simulation.reopen()
        #expect([100, 101, 102].map { simulation.get($0) } == [nil, 2, 1])
    }

    @Test func `a group waits for a second, no more memory than its bound is staged, and a purge reaches it`() throws {
        let simulation = try SimulatedStore(stripes: 200, seed: 3)
        put(simulation, page: 1, grouped: true, part: 1)
        for _ in 0..<9 { simulation.store.tick() }
        #expect(simulation.store.statistics.stagedBytes > 0)
        simulation.store.tick()
        #expect(simulation.store.statistics.stagedBytes == 0 && simulation.store.statistics.volume?.recordsWritten == 1)
        for page in 100..<9000 {
            put(simulation, page: page, grouped: true, part: 2)
            if page % 50 == 0 {
                simulation.engine.run()
                #expect(simulation.store.statistics.stagedBytes <= Staging.maxBytes + 1000)
            }
        }
        put(simulation, page: 99_000, grouped: true, part: 3)
        simulation.store.purge(.everything)
        simulation.flush()
        #expect(simulation.get(9_900_003) == nil)
        try simulation.reopen()
        #expect(simulation.get(9_900_003) == nil && simulation.get(8999 * 100 + 2) == nil)
    }
}
