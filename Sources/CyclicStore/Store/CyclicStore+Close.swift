// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CyclicStore {
    /// Writes what is still in membufs, and the groups that wait. Calls back once, on any thread, when what was written, removed and purged
    /// before the call is on the devices, or has failed to get there. What the admission keeps in memory stays there.
    public func flush(_ completion: @escaping @Sendable () -> Void) {
        drain(staging.takeAll()) { [self] in
            let all = Countdown(volumes.members.count + 1, completion)
            for member in volumes.members { member.volume.flush { all.countDown() } }
            purger.flush { all.countDown() }
        }
    }

    /// Writes what is still in membufs, and of what is in memory alone what is written when it leaves memory; syncs, and gives the devices back. Nothing may be
    /// called afterwards.
    public func close() async {
        ticker.stop()
        await sendAll()
        await withCheckedContinuation { continuation in departures.whenEmpty { continuation.resume() } }
        await withCheckedContinuation { continuation in flush { continuation.resume() } }
        for member in volumes.members { member.volume.refuseWrites() }
        await withCheckedContinuation { continuation in flush { continuation.resume() } }
        purger.close()
        await withCheckedContinuation { continuation in
            let all = Countdown(volumes.members.count) { continuation.resume() }
            for member in volumes.members { member.volume.saveReuse { all.countDown() } }
        }
        await withCheckedContinuation { continuation in saveForRestart { continuation.resume() } }
        await withCheckedContinuation { continuation in
            // Off the caller's thread: joining the engines' threads and syncing wait for the disks.
            let finish = { [members = volumes.members] in
                for member in members {
                    member.volume.engine.shutDown()
                    do throws(DeviceError) { try member.volume.device.sync() } catch {}
                    member.volume.device.close()
                }
                continuation.resume()
            }
            if let started = startThread(finish) { detachThread(started) } else { finish() }
        }
    }
}

extension CyclicStore {
    /// After the last flush: the index is written to the volumes, so that the next start need not look for anything. Calls back once.
    package func saveForRestart(_ completion: @escaping @Sendable () -> Void) {
        let all = Countdown(volumes.members.count, completion)
        for member in volumes.members { member.volume.saveForRestart { all.countDown() } }
    }
}

/// Calls when it has been counted down to zero; at once when it starts there.
final class Countdown: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var left: Int
    private let completion: @Sendable () -> Void

    init(_ count: Int, _ completion: @escaping @Sendable () -> Void) {
        left = count
        self.completion = completion
        if count == 0 { completion() }
    }

    func countDown() {
        let isLast = lock.locked {
            left -= 1
            return left == 0
        }
        if isLast { completion() }
    }
}
