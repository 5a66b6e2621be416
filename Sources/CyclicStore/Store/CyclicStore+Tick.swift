// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CyclicStore {
    /// What must be done now and then: groups that have waited are written, partial membufs that have waited too, what had no room is tried
    /// again, admission is tuned. To be called every 100 ms; a store opened by path does so itself, on a thread of its own.
    ///
    /// Never waits. Cost when there is nothing to do: a few locks.
    public func tick() {
        sendDue(staging.tick())
        purger.resume()
        let tuned = gate.tick(bytesPerSecond: configuration.meanWriteBytesPerSecond)
        for (home, member) in volumes.members.enumerated() where !volumes.isAside(home) {
            if member.volume.isGone {
                setAside(home)
                continue
            }
            member.volume.tick()
            member.volume.flushAged(seconds: UInt64(configuration.partialFlushSeconds))
            member.volume.report(to: purger)
            if let tuned { member.volume.tune(tuned.tuning, tuned.value) }
        }
    }

    func startTicking() {
        ticker.start(everyMilliseconds: 100) { [weak self] in self?.tick() }
    }
}
