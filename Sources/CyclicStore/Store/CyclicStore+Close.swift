// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

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
    ///
    /// A write budget holds to the end: for ten seconds its bytes are waited for; what has none by then is not written, and a start that finds no
    /// closing snapshot is one as after a crash.
    public func close() async {
        // The budget is asked again at ticks: they go on, for a store too whose owner made them and makes no more.
        ticker.stop()
        let closing = Ticker()
        let state = Mutex(Closing(ticksLeft: Self.closingPatienceMilliseconds / 100))
        closing.start(everyMilliseconds: 100) { [self] in
            let now = state.withLock { state in
                state.ticksLeft -= 1
                return state
            }
            if now.takesNothing { for member in volumes.members { member.volume.askBudgetAgain() } } else { tick() }
            if now.ticksLeft == 0 { for member in volumes.members { member.volume.waitNoMore() } }
        }
        await sendAll()
        await withCheckedContinuation { continuation in departures.whenEmpty { continuation.resume() } }
        await withCheckedContinuation { continuation in flush { continuation.resume() } }
        for member in volumes.members { member.volume.refuseWrites() }
        await withCheckedContinuation { continuation in flush { continuation.resume() } }
        state.withLock { $0.takesNothing = true }
        purger.close()
        await withCheckedContinuation { continuation in
            let all = Countdown(volumes.members.count) { continuation.resume() }
            for member in volumes.members { member.volume.saveStatistics { all.countDown() } }
        }
        await withCheckedContinuation { continuation in saveForRestart { continuation.resume() } }
        closing.stop()
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
            if let started = startThread("gyre-close", finish) { detachThread(started) } else { finish() }
        }
    }
}

extension CyclicStore {
    private static let closingPatienceMilliseconds = 10_000

    private struct Closing {
        var ticksLeft: Int
        /// Everything that was to be stored is.
        var takesNothing = false
    }

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
