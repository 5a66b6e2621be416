// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// One run of the whole store in a world made of its seed: a workload, faults, ends of the process and of the power, and a model that checks
/// every answer. On the calling thread alone; the same settings do the same again.
///
/// What must always hold inside the store is checked by the store itself and stops the process; the program that runs simulations says
/// the seed then.
public final class Simulation {
    let settings: SimulationSettings
    let world: SimulatedWorld
    var random: SeededRandom
    var model: StoreModel
    var report = SimulationReport()
    var step = 0
    /// The keys as the store of this moment makes them: its secret is the volume's.
    var keys: [StoreKey] = []
    var reads: [PendingRead] = []
    var writers: [PendingWriter] = []
    var flushes: [PendingFlush] = []
    var purges: [PendingPurge] = []
    var ranges: [PendingRange] = []
    var fills: [PendingFill] = []
    /// Readers of fills that were given up.
    var orphans: [PendingFillReader] = []
    /// Some that were found of late.
    var partials: [PartialObject] = []
    /// Every purge that was acknowledged is known to every volume.
    var purgesAreEverywhere = true
    var roomWaiters: [Once] = []
    /// Volumes that the configuration left out, and that may come back.
    var removedVolumes: [SimulatedWorld.Volume] = []
    /// A device was exchanged since the store was opened.
    var exchangedInUse = false
    /// Devices that were taken out and may come back.
    var shelf: [SimulatedDevice] = []
    var harmSeen = 0
    var failedSyncsSeen = 0

    init(_ settings: SimulationSettings) {
        self.settings = settings
        world = SimulatedWorld(settings)
        random = SeededRandom(seed: settings.seed ^ 0x3a0c_c1de)
        model = StoreModel(keys: settings.keys)
    }

    /// Runs to the end, or to the first thing that must not be.
    public static func run(_ settings: SimulationSettings) throws(SimulationFailure) -> SimulationReport {
        let simulation = Simulation(settings)
        try simulation.run()
        return simulation.report
    }

    private func run() throws(SimulationFailure) {
        if let count = settings.powerCutAfter { world.power.cut(afterOperations: count) }
        try open()
        while step < settings.operations {
            step += 1
            world.clock.advance(microseconds: UInt64(1 + random.below(2000)))
            try work()
            try settle()
            if world.power.isOff { try crash(powerLost: true) }
        }
        stopFaults()
        try quiet()
        try checkAlive()
        try readEverything()
        try restartCleanly()
        try readEverything()
        try checkHits()
        finish()
    }

    private func finish() {
        let outside = world.report
        report.deviceOperations += outside.deviceOperations
        report.faults += outside.faults
        for device in shelf + removedVolumes.map(\.device) {
            report.deviceOperations += device.counts.operations
            report.faults.add(device.counts)
        }
        report.runs = 1
        report.mix(outside.digest)
    }

    func failure(_ text: String) -> SimulationFailure { SimulationFailure(seed: settings.seed, step: step, text: text) }

    func check(_ condition: Bool, _ text: @autoclosure () -> String) throws(SimulationFailure) {
        if !condition { throw failure(text()) }
    }

    /// Says something about a key, or with nil about all, when somebody listens.
    func trace(_ key: Int?, _ text: @autoclosure () -> String) {
        guard let traced = settings.tracedKey, key == nil || key == traced else { return }
        print("step \(step), tick \(model.now): \(text())")
    }

    /// The store that is open.
    var store: CyclicStore {
        guard let store = world.store else { preconditionFailure("a store is open whenever there is work") }
        return store
    }

    // MARK: Starts and ends

    func open() throws(SimulationFailure) {
        var tries = 0
        let faultsBefore = world.deviceFaults
        let astrayBefore = world.faults(.misdirectedRead)
        while world.store == nil {
            tries += 1
            do throws(StoreError) { try world.open() } catch {
                report.mix(UInt64(tries))
                // Whoever tries again is another process: see ``SimulatedWorld``.
                world.clock.advance(microseconds: 1_000_000)
                if world.power.isOff {
                    report.crashes += 1
                    world.losePower()
                    model.crash(powerLost: true)
                    armSecondCut()
                } else if tries > 3 {
                    stopFaults()
                    // What a device lost before it tells once more.
                    if tries > 4 + world.volumeCount {
                        try check(settings.profile == .lying, "the volume cannot be opened: \(error)")
                        // As somebody would who found that both superblocks are gone.
                        for number in 0..<world.volumeCount { replaceDevice(number) }
                    }
                }
            }
        }
        noteHarm()
        // The volumes that knew of a purge are out of reach, and one that was away when it came is there: it cannot know.
        if !purgesAreEverywhere, !isEveryVolumeThere {
            model.forgetPurges()
            model.crash(powerLost: false)
        }
        if settings.profile >= .failing {
            // Faults while the index is made count like those of the start. Elsewhere it is made while the store is used.
            while isRebuilding, world.engine.step() {}
        }
        if world.deviceFaults > faultsBefore {
            // What was not read when the index was made is as good as lost, removals too.
            model.harm()
            // What was read in the place of a journal may be an older page of it.
            if world.faults(.misdirectedRead) > astrayBefore { model.forgetPurges() }
            model.crash(powerLost: false)
        }
        keys = (0..<settings.keys).map { store.key(Self.keyBytes($0)) }
        trace(nil, "the store is open, after \(tries) tries, \(world.deviceFaults - faultsBefore) faults")
    }

    /// Keys of different lengths, a few of them long; in a few groups by their beginning.
    static func keyBytes(_ number: Int) -> [UInt8] {
        let name = "http://site-\(number % 3).example/\(number % 7)/\(number)"
        return Array(name.utf8) + [UInt8](repeating: 0x2e, count: number % 11 == 0 ? 600 : number % 5)
    }

    /// The process ends, and maybe the power too. Nobody is told.
    func crash(powerLost: Bool) throws(SimulationFailure) {
        report.crashes += 1
        report.faults.add(powerLost ? .powerLoss : .kill)
        trace(nil, powerLost ? "the power is lost" : "the process is killed")
        try leave { world.kill() }
        if powerLost { world.losePower() }
        model.crash(powerLost: powerLost)
        if random.oneIn(8) { damageMarks() }
        armSecondCut()
        noteExchangeInUse()
        if settings.profile == .lying { try playWithDevices() }
        reviveDevices()
        changeVolumes()
        try open()
    }

    /// The power fails once more, so many operations after it first came back: most of them are those of the recovery.
    private func armSecondCut() {
        guard let count = settings.secondPowerCutAfter, report.crashes == 1 else { return }
        world.power.cut(afterOperations: count)
    }

    func restartCleanly() throws(SimulationFailure) {
        trace(nil, "a clean restart begins")
        try quiet()
        let now = model.now
        let errors = failedTransfers
        let wasOffline = isVolumeOffline
        var synced = false
        var stays: [Int: String] = [:]
        let isCalm = settings.profile == .calm && !settings.hasBudget
        try leave { synced = world.closeCleanly { if isCalm { stays = recordsOnVolumes() } } }
        let isPowerLost = world.power.isOff
        if isPowerLost {
            report.crashes += 1
            world.losePower()
            armSecondCut()
        }
        if synced, !isPowerLost, !wasOffline, failedTransfers == errors {
            model.flush(through: now)
            model.sync()
        }
        model.crash(powerLost: isPowerLost)
        noteExchangeInUse()
        reviveDevices()
        changeVolumes()
        try open()
        // Now and then, so that others are used while the index is made.
        if synced, isCalm, random.oneIn(2) { try checkStayed(stays) }
    }

    /// Drops everything that belongs to a store, then the store; it must not stay behind.
    private func leave(_ end: () -> Void) throws(SimulationFailure) {
        defer { noteHarm() }
        weak let left = world.store
        // A reader of several records holds the store until the one that it waits for has come, a flush until it has ended; after a kill nothing
        // comes or ends.
        let mayStay = !ranges.isEmpty || !flushes.isEmpty || (fills.flatMap(\.readers) + orphans).contains { $0.isWaiting && $0.isBehind }
        reads = []
        ranges = []
        partials = []
        flushes = []
        purges = []
        roomWaiters = []
        let ending = writers
        let filling = fills
        writers = []
        fills = []
        orphans = []
        end()
        keys = []
        withExtendedLifetime((ending, filling)) {}
        _ = consume ending
        _ = consume filling
        try check(left == nil || mayStay, "a store is still there after its end")
    }

    // MARK: Rest

    /// Lets everything that is under way come to its end, and checks that it did.
    func quiet() throws(SimulationFailure) {
        report.quietPoints += 1
        var rounds = 0
        repeat {
            rounds += 1
            try check(rounds < 10_000, "the store does not come to rest")
            var steps = 0
            while world.engine.step() {
                steps += 1
                try check(steps < 100_000, "the device does not come to rest")
            }
            // What found no room in the engine is tried again then.
            store.tick()
            try settle()
            resumeWriters()
            resumeFills()
            // What waits for bytes of the write budget comes in time.
            if waitsForBudget { world.clock.advance(microseconds: settings.writeBytesPerDay == nil ? 500_000 : 60_000_000) }
        } while world.engine.pending > 0 || waitsForBudget
        if world.power.isOff { return }
        try settleFills()
        try check(reads.isEmpty, "a lookup of key \(reads.first?.key ?? 0) is never answered")
        try check(ranges.isEmpty, "a read of a range is never answered")
        try checkFillReaders()
        try check(flushes.isEmpty, "a flush never ends")
        try check(purges.isEmpty, "a purge is never acknowledged")
        try check(roomWaiters.allSatisfy { $0.count == 1 }, "somebody waits for room for ever")
        roomWaiters = []
        store.checkNothingLeaks()
    }

    private var waitsForBudget: Bool {
        settings.hasBudget && !world.power.isOff
            && (!flushes.isEmpty || !purges.isEmpty || roomWaiters.contains { $0.count == 0 })
    }

    /// A store on a sound device takes something, after a while.
    private func checkAlive() throws(SimulationFailure) {
        if isVolumeOffline { try restartCleanly() }
        for _ in 0..<200 {
            let key = random.below(settings.keys)
            if try put(key, count: 100) == nil { return }
            try quiet()
            if settings.hasBudget { world.clock.advance(microseconds: settings.writeBytesPerDay == nil ? 1_000_000 : 1_000_000_000) }
        }
        throw failure("the store takes nothing any more")
    }

    func readEverything() throws(SimulationFailure) {
        for key in 0..<settings.keys { try read(key) }
        try quiet()
    }

    private func checkHits() throws(SimulationFailure) {
        // A store that serves nothing makes no mistakes either.
        guard settings.profile == .calm, !settings.hasBudget, !settings.changesVolumes, report.possibleHits > 200 else { return }
        // Large objects push out much of a small volume; there, few hits are right.
        guard settings.deviceStripes.allSatisfy({ $0 >= 20 }), settings.keys <= 60 else { return }
        try check(
            report.hits * 100 >= report.possibleHits * 30,
            "only \(report.hits) of \(report.possibleHits) lookups found what was stored, with nothing in the way"
        )
    }
}
