// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

extension Simulation {
    /// Writes and syncs that did not do what they should, so far: a flush that saw one promises nothing.
    var failedTransfers: Int { world.faults(.writeError, .noSpace, .syncError, .dead) + world.refusedCount }

    var isRebuilding: Bool { store.statistics.volumes.contains { $0.statistics.isRebuilding } }

    var isVolumeOffline: Bool { store.statistics.volumes.contains { $0.statistics.isOffline } }

    /// Once in a while something happens to the world.
    func disturb() throws(SimulationFailure) {
        if settings.powerCutAfter != nil { return }
        switch settings.profile {
        case .calm: if random.oneIn(10) { try restartCleanly() }
        case .crashing, .failing, .lying:
            switch random.below(12) {
            case 0, 1: try crash(powerLost: false)
            case 2, 3: try crash(powerLost: true)
            case 4: try restartCleanly()
            case 5: syncBehindTheStore()
            case 6..<11: startFaults()
            default:
                stopFaults()
                if settings.profile >= .failing { reviveInUse() }
            }
        }
    }

    /// The system writes its caches back when it likes.
    private func syncBehindTheStore() {
        // What an earlier sync lost this one does not bring back.
        noteHarm()
        var synced = true
        for device in world.devices where !device.writeBack() { synced = false }
        if synced { model.sync() } else { model.harm() }
    }

    func stopFaults() {
        trace(nil, "faults end")
        for device in world.devices { device.setFaults(SimulatedDevice.Faults()) }
        world.engine.setStalls(SteppedEngine.Stalls())
    }

    private func startFaults() {
        var stalls = SteppedEngine.Stalls()
        stalls.chance = SimulatedDevice.Faults.chance([0, 0.1, 0.5][random.below(3)])
        stalls.maxSteps = [10, 100, 3000][random.below(3)]
        world.engine.setStalls(stalls)
        guard settings.profile >= .failing else { return }
        var faults = SimulatedDevice.Faults()
        func draw() -> UInt32 { random.oneIn(2) ? 0 : SimulatedDevice.Faults.chance([0.002, 0.02, 0.2][random.below(3)]) }
        faults.readError = draw()
        faults.shortRead = draw()
        faults.bitFlip = draw()
        faults.writeError = draw()
        faults.noSpace = draw()
        faults.syncError = draw()
        faults.cachedRead = draw()
        if settings.profile >= .lying {
            faults.misdirectedRead = draw()
            faults.misdirectedWrite = draw()
            faults.lostWrite = draw()
            faults.writeFlip = draw()
            faults.bitRot = draw()
        }
        let device = world.devices[random.below(world.devices.count)]
        device.setFaults(faults)
        trace(nil, "faults begin: \(faults)")
        if random.oneIn(20) { device.setFailsAll(true) }
        if settings.profile >= .lying, random.oneIn(20) { exchangeInUse() }
    }

    /// A device that changed or lost something without saying so takes every promise with it. So does one that refused a write, as far as
    /// a crash is concerned: what should have been overwritten is still there, and a crash may come before what says that it is out of date
    /// has found a place.
    var harmSoFar: Int { world.faults(.misdirectedWrite, .lostWrite, .writeFlip, .bitRot, .writeError, .noSpace) }
    var liesSoFar: Int { world.faults(.misdirectedWrite, .lostWrite, .writeFlip, .bitRot) }

    func noteHarm() {
        let harm = harmSoFar
        if harm != harmSeen { model.harm() }
        if liesSoFar > 0 { model.lie() }
        harmSeen = harm
        // A sync that failed may have lost what a flush had left to the system.
        let failedSyncs = world.faults(.syncError)
        if failedSyncs != failedSyncsSeen { model.loseUnsynced() }
        failedSyncsSeen = failedSyncs
    }

    // MARK: While the store is away

    /// A device that died comes back, or another comes in its place.
    func reviveDevices() {
        for (number, device) in world.devices.enumerated() {
            device.setFailsAll(false)
            if settings.profile >= .failing, random.oneIn(12) { replaceDevice(number) }
        }
    }

    /// An empty device comes in the place of one.
    func replaceDevice(_ number: Int) {
        report.faults.add(.exchange)
        world.retire(world.exchangeDevice(number, for: world.makeDevice(like: number)))
        noteExchange()
    }

    /// Both marks of a volume rot: the start has nothing but the stripes. It must know as much as any other, so the model is told nothing.
    func damageMarks() {
        guard settings.powerCutAfter == nil else { return }
        let device = world.devices[random.below(world.devices.count)]
        do throws(StoreError) {
            guard let marks = try VolumeInspector(device: device).summary.regions.first(where: { $0.name == "marks" }) else { return }
            report.faults.add(.marksDamaged)
            report.marksDamaged += 1
            trace(nil, "both marks are damaged")
            for page in 0..<2 { device.corrupt(at: marks.offset + page * 4096 + 30) }
        } catch { report.mix(UInt64(error.reason.rawValue.utf8.count)) }
    }

    /// A device is exchanged for an empty one or for one that was there before, or is smaller when it comes back.
    func playWithDevices() throws(SimulationFailure) {
        guard random.oneIn(5) else { return }
        let number = random.below(world.volumeCount)
        switch random.below(3) {
        case 0:
            report.faults.add(.exchange)
            shelf.append(world.exchangeDevice(number, for: world.makeDevice(like: number)))
            noteExchange()
            if shelf.count > 3 { world.retire(shelf.removeFirst()) }
        case 1:
            guard !shelf.isEmpty else { return }
            report.faults.add(.olderDevice)
            trace(nil, "an older device comes back")
            // It holds what it held then: any version, removed or not.
            shelf.append(world.exchangeDevice(number, for: shelf.removeFirst()))
            if isAlone || !purgesAreEverywhere { model.forgetPurges() }
            model.harm()
            model.crash(powerLost: false)
        default:
            let device = world.devices[number]
            let whole = device.byteCount
            report.faults.add(.shrunk)
            device.resize(to: random.below(whole))
            do throws(StoreError) { try world.open() } catch { report.mix(UInt64(error.reason.rawValue.utf8.count)) }
            // A store of several goes on without one that cannot be read just now.
            try check(world.store == nil || world.volumeCount > 1, "a volume was opened on a device that has shrunk")
            if world.store != nil { world.kill() }
            device.resize(to: whole)
        }
        (harmSeen, failedSyncsSeen) = (harmSoFar, world.faults(.syncError))
    }

    /// The store never had another volume.
    var isAlone: Bool { settings.volumes == 1 && !settings.changesVolumes }

    /// The store has been left, and one of its devices is empty or has only what was written since it came.
    func noteExchangeInUse() {
        if exchangedInUse { noteExchange() }
        exchangedInUse = false
    }

    /// Nothing that was on a single device can be served again. With several, keys change their places, and old records come to light.
    func noteExchange() {
        if isAlone {
            model.empty()
        } else {
            // A purge that only the volume knew that is gone now is gone too.
            if !purgesAreEverywhere { model.forgetPurges() }
            purgesAreEverywhere = true
            model.harm()
            model.crash(powerLost: false)
        }
    }
}

extension SimulationSettings.Profile: Comparable {
    /// By what the world does.
    public static func < (left: Self, right: Self) -> Bool { rank(left) < rank(right) }

    private static func rank(_ profile: Self) -> Int {
        switch profile {
        case .calm: 0
        case .crashing: 1
        case .failing: 2
        case .lying: 3
        }
    }
}
