// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// Volumes of a few stripes with a few records each, in every state that filling them one record at a time leads through: the head at every
/// position and with every number of records in its stripe, up to three turns round.
@Suite struct SmallVolumeTests {
    private static let stripeBytes = 64 * 1024

    /// A volume into which exactly so many records fit in a stripe.
    private final class Volume {
        let device: SimulatedDevice
        private(set) var store: CyclicStore
        private var engine = SteppedEngine(seed: 1)
        let recordsPerStripe: Int
        private let replacement: Replacement

        init(stripes: Int, recordsPerStripe: Int, replacement: Replacement = .gyre) throws {
            self.recordsPerStripe = recordsPerStripe
            self.replacement = replacement
            let stripeBytes = SmallVolumeTests.stripeBytes
            // From nine stripes on there is room for marks, log and snapshots.
            let bytes =
                stripes >= 9
                ? Superblock.volumeBytes(stripes: stripes, stripeBytes: stripeBytes)
                : Superblock.minVolumeBytes(stripeBytes: stripeBytes) + (stripes - 4) * stripeBytes
            device = SimulatedDevice(byteCount: bytes, seed: 1)
            store = try Self.open(device, engine, replacement)
        }

        private static func open(_ device: SimulatedDevice, _ engine: SteppedEngine, _ replacement: Replacement) throws -> CyclicStore {
            var configuration = StoreConfiguration()
            configuration.stripeBytes = SmallVolumeTests.stripeBytes
            configuration.volumeBytes = device.byteCount
            configuration.membufs = 2
            configuration.memoryBytes = 0
            configuration.replacement = replacement
            let store = try CyclicStore.open(configuration, device: device, engine: engine, nowSeconds: { 1_700_000_000 })
            engine.run()
            return store
        }

        var stripeCount: Int { store.volume?.superblock.stripeCount ?? 0 }

        /// The process ends without a word and another begins.
        func restart() throws {
            engine.dropAll()
            engine = SteppedEngine(seed: 2)
            store = try Self.open(device, engine, replacement)
        }

        /// Whatever was used once is worth carrying.
        func tune() { store.volume?.tune(Tuning(relocationUses: 1)) }

        func flush() {
            store.flush {}
            engine.run()
        }

        /// What the next start wants to find is written, as by a clean stop.
        func saveForRestart() {
            flush()
            store.saveForRestart {}
            engine.run()
        }

        /// Holds the stripe of a record as a reader does, for as long as the body runs. False: it is not on the disk.
        func whilePinned(_ number: Int, _ body: () throws -> Void) rethrows -> Bool {
            guard let volume = store.volume else { return false }
            let place = volume.pin(key(number).hash)
            defer { volume.release(place) }
            guard case .disk(let stripe, let sequence, _, _) = place else { return false }
            try body()
            #expect(volume.cycle.sequence(stripe) == sequence && volume.cycle.phase(stripe) != .filling, "overwritten under a reader")
            return true
        }

        private func key(_ number: Int) -> StoreKey { store.key(Array("key-\(number)".utf8)) }

        private func byte(_ number: Int, _ version: Int) -> UInt8 { UInt8(truncatingIfNeeded: number &* 31 &+ version &* 7 &+ 1) }

        func put(_ number: Int, version: Int = 1) -> RefusedWrite? {
            let room = (SmallVolumeTests.stripeBytes - 1024) / recordsPerStripe
            var payload = OwnedBytes(capacity: room - 512)
            let byte = byte(number, version)
            payload.withRegion { $0.initializeMemory(as: UInt8.self, repeating: byte) }
            let object = PlainObject(
                RecordImage(kind: .object, key: key(number), metadata: [UInt8(version)], payload: payload)
            )
            let refusal = store.put(object)
            engine.run()
            return refusal
        }

        func remove(_ number: Int) {
            store.remove(key(number))
            engine.run()
        }

        /// The version that is found; nil for a miss.
        func get(_ number: Int) -> Int? {
            let answer = Answer()
            store.get(key(number)) { answer.lookup = $0 }
            engine.run()
            guard case .found(let object as PlainObject, _)? = answer.lookup, let version = object.metadata.first.map(Int.init) else {
                return nil
            }
            let byte = byte(number, version)
            #expect(object.withPayload { $0.allSatisfy { $0 == byte } }, "wrong bytes for record \(number)")
            return version
        }

        private final class Answer: @unchecked Sendable {
            // Unchecked: one thread.
            var lookup: CyclicStore.Lookup?
        }

        /// Records that must be there however the turn stands: all but those of the clean stripes, the one being filled and the one being
        /// taken back.
        var certain: Int { max(0, stripeCount - StripeCycle.cleanGoal(stripes: stripeCount) - 2) * recordsPerStripe }
    }

    @Test(arguments: 4...6, 1...3)
    func `at every head and wrap the newest records are found, and nothing that was overwritten`(stripes: Int, perStripe: Int) throws {
        for count in 0...(3 * stripes * perStripe + 1) {
            let volume = try Volume(stripes: stripes, recordsPerStripe: perStripe)
            for number in 0..<count { #expect(volume.put(number) == nil) }
            try check(volume, count)
            volume.flush()
            try volume.restart()
            try check(volume, count)
            // And on from there: the head must not meet what the tail has left.
            for number in count..<(count + 2 * perStripe + 1) { #expect(volume.put(number) == nil) }
            try check(volume, count + 2 * perStripe + 1)
            volume.store.checkInvariants()
            volume.store.checkNothingLeaks()
        }
    }

    /// The tail stops at each stripe in turn, with the head everywhere.
    @Test(arguments: 4...6, 1...2)
    func `with a reader on any stripe the turn waits there, and goes on behind it`(stripes: Int, perStripe: Int) throws {
        for count in perStripe...(2 * stripes * perStripe) {
            for back in 0..<min(count, (stripes - 1) * perStripe) {
                let volume = try Volume(stripes: stripes, recordsPerStripe: perStripe)
                for number in 0..<count { #expect(volume.put(number) == nil) }
                volume.flush()
                var next = count
                var refusals: Set<RefusedWrite> = []
                let isPinned = volume.whilePinned(count - 1 - back) {
                    for _ in 0..<(2 * stripes * perStripe) {
                        if let refusal = volume.put(next) { refusals.insert(refusal) } else { next += 1 }
                    }
                    #expect(next < count + (stripes + 1) * perStripe, "the head went over the reader")
                }
                guard isPinned else { continue }
                #expect(refusals.isSubset(of: [.noCleanStripe, .noMembuf]) && !refusals.isEmpty)
                for _ in 0..<(perStripe + 1) {
                    #expect(volume.put(next) == nil, "\(count) records, the reader at \(back) back")
                    next += 1
                }
                volume.flush()
                try volume.restart()
                try check(volume, next)
                volume.store.checkInvariants()
                volume.store.checkNothingLeaks()
            }
        }
    }

    @Test(arguments: 9...10, 1...2)
    func `with marks, log and snapshots every start finds the newest, at every head and wrap`(stripes: Int, perStripe: Int) throws {
        for count in 0...(2 * stripes * perStripe + 1) {
            let volume = try Volume(stripes: stripes, recordsPerStripe: perStripe)
            #expect(volume.stripeCount == stripes)
            for number in 0..<count { #expect(volume.put(number) == nil) }
            volume.flush()
            try volume.restart()
            try check(volume, count)
            #expect(volume.put(count) == nil)
            volume.saveForRestart()
            try volume.restart()
            try check(volume, count + 1)
            for number in (count + 1)..<(count + 1 + 2 * perStripe) { #expect(volume.put(number) == nil) }
            volume.flush()
            try volume.restart()
            try check(volume, count + 1 + 2 * perStripe)
            volume.store.checkInvariants()
            volume.store.checkNothingLeaks()
        }
    }

    private func check(_ volume: Volume, _ count: Int) throws {
        let found = (0..<count).filter { volume.get($0) == 1 }
        #expect(found.count <= volume.stripeCount * volume.recordsPerStripe)
        // In a plain turn what is there is the newest, without a gap.
        #expect(found == Array((count - found.count)..<count), "\(count) records stored")
        #expect(found.count >= min(count, volume.certain), "\(count) records stored")
    }

    @Test(arguments: 4...5, 1...3)
    func `at every head and wrap a removal and a newer version outlive the process once flushed`(stripes: Int, perStripe: Int) throws {
        for count in 1...(2 * stripes * perStripe + 1) {
            for back in 0..<min(count, 2 * perStripe) {
                let volume = try Volume(stripes: stripes, recordsPerStripe: perStripe)
                for number in 0..<count { _ = volume.put(number) }
                let victim = count - 1 - back
                volume.remove(victim)
                let other = max(0, victim - 1)
                if other != victim { _ = volume.put(other, version: 2) }
                volume.flush()
                // Until everything has been overwritten, and a little longer.
                for next in 0..<(stripes + 1) {
                    try volume.restart()
                    #expect(volume.get(victim) == nil, "\(count) records, \(back) back, \(next) stripes later")
                    if other != victim { #expect(volume.get(other) ?? 2 == 2, "\(count) records, \(back) back, \(next) stripes later") }
                    for number in 0..<perStripe { _ = volume.put(1000 + next * perStripe + number) }
                    volume.flush()
                }
            }
        }
    }

    /// Copies at the head and stripes that stay break the order of the turn: an older word may be in a stripe with a higher place.
    @Test(arguments: 4...5, [Replacement.relocateOnHit(percent: 0), .gyre])
    func `at every head and wrap what is carried or stays is found as it is, replaced or removed`(
        stripes: Int,
        replacement: Replacement
    ) throws {
        let perStripe = 2
        var (carried, stayed) = (0, 0)
        for count in 1...(2 * stripes * perStripe + 1) {
            for back in 0..<min(count, stripes * perStripe) {
                let volume = try Volume(stripes: stripes, recordsPerStripe: perStripe, replacement: replacement)
                for number in 0..<count { _ = volume.put(number) }
                volume.flush()
                let number = count - 1 - back
                // A whole stripe is used, so that all of it is worth carrying.
                for _ in 0..<3 { for used in [number, number ^ 1] where used < count { _ = volume.get(used) } }
                volume.flush()
                let before = volume.get(number)
                for step in 0..<(2 * stripes) {
                    if step == stripes / 2 {
                        if back % 3 == 0 { _ = volume.put(number, version: 2) }
                        if back % 3 == 1 { volume.remove(number) }
                        volume.flush()
                    }
                    let found = volume.get(number)
                    let isChanged = step >= stripes / 2
                    let expected = isChanged && back % 3 == 0 ? 2 : isChanged && back % 3 == 1 ? nil : before
                    #expect(found == nil || found == expected, "\(count) records, \(back) back, \(step) stripes later")
                    volume.tune()
                    for next in 0..<perStripe { _ = volume.put(1000 + step * perStripe + next) }
                    volume.flush()
                    let statistics = try #require(volume.store.volume).snapshotStatistics()
                    (carried, stayed) = (carried + statistics.recordsRelocated, stayed + statistics.stripesKept)
                    volume.store.checkInvariants()
                    volume.store.checkNothingLeaks()
                    try volume.restart()
                }
            }
        }
        #expect(carried > 0 && (stayed > 0 || replacement != .gyre), "\(carried) carried, \(stayed) stayed")
    }
}
