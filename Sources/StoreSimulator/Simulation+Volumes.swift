// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// Volumes that come and go: by configuration, between two starts, and by themselves, while the store runs.
extension Simulation {
    /// Once in a while the store is configured with a volume more or less when it starts again.
    ///
    /// On sound devices the model is told nothing: what was on a volume that went is gone, what was stored before on one that comes back is out of date, and
    /// no older version of a key may come to light. One volume at a time, and each configuration is opened before the next: so there is always one that
    /// knows what happened while others were away.
    func changeVolumes() {
        guard settings.changesVolumes, random.oneIn(3) else { return }
        let isSound = settings.profile <= .crashing
        guard !isSound || purgesAreEverywhere else { return }
        if world.volumeCount > 1, random.oneIn(2) || world.volumeCount == SimulationSettings.mostVolumes {
            let removed = world.removeVolume(random.below(world.volumeCount))
            if isSound { removedVolumes.append(removed) } else { world.retire(removed.device) }
        } else if !removedVolumes.isEmpty, random.oneIn(2) {
            world.addVolume(removedVolumes.remove(at: random.below(removedVolumes.count)))
        } else {
            world.addVolume(world.makeVolume(world.volumeCount))
        }
        report.faults.add(.membership)
        trace(nil, "the store has \(world.volumeCount) volumes from now on")
        // Where a volume may have been away unnoticed, one that stays may know less than it should.
        if !isSound { noteExchange() }
    }

    /// A device is taken out under the running store and an empty one put in its place: what the store wrote is gone, what it writes is there.
    func exchangeInUse() {
        let number = random.below(world.volumeCount)
        world.devices[number].erase()
        exchangedInUse = true
        report.faults.add(.exchangeInUse)
        trace(nil, "device \(number) is exchanged while the store uses it")
    }

    /// A device that had died is there again, with what it had. The store may not have noticed.
    func reviveInUse() {
        for device in world.devices where device.isDead {
            device.setFailsAll(false)
            report.faults.add(.revival)
            model.harm()
            trace(nil, "a device is there again")
        }
    }

    // MARK: What must stay

    /// The keys whose records are on a volume, and on which.
    func recordsOnVolumes() -> [Int: String] {
        var found: [Int: String] = [:]
        for key in keys.indices { if let volume = store.volumeHolding(keys[key]) { found[key] = volume } }
        return found
    }

    /// After a clean restart with nothing in the way: keys that belong where they belonged before are there, whatever volumes came and went.
    func checkStayed(_ before: [Int: String]) throws(SimulationFailure) {
        while isRebuilding, world.engine.step() {}
        // What comes next is taken back at once.
        guard store.statistics.volumes.allSatisfy({ $0.statistics.recordsReclaimed == 0 }) else { return }
        for (key, volume) in before where store.home(of: keys[key]) == volume {
            report.recordsKept += 1
            try check(store.volumeHolding(keys[key]) == volume, "key \(key) is not on \(volume) any more after a clean restart")
        }
    }
}
