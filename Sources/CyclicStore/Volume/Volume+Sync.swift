// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What has been written and not synced: a loss of power may undo any of it, and leave any other.
struct UnsyncedStripes {
    struct Stripe {
        var stripe: Int
        var sequence: UInt64
        /// Of what it held before.
        var retired: SupersededRecords.Retired?
    }

    private var stripes: [Stripe] = []
    private var gone: UInt64 = 0

    var count: Int { stripes.count }
    /// What a sync that is asked for now makes sure of.
    var end: UInt64 { gone + UInt64(stripes.count) }

    mutating func add(_ stripe: Stripe) { stripes.append(stripe) }

    /// - Returns: Those that are there for good now.
    mutating func synced(through end: UInt64) -> ArraySlice<Stripe> {
        guard end > gone else { return [] }
        let done = stripes.prefix(Int(end - gone))
        stripes.removeFirst(done.count)
        gone = end
        return done
    }
}

extension Volume {
    /// So many stripes are synced at the latest.
    static let maxUnsynced = 64

    /// Makes everything survive that has been written. Calls back once; when it fails the volume has been set aside.
    func sync(_ completion: @escaping @Sendable (DeviceSyncs.Outcome) -> Void = { _ in }) {
        let end = lock.locked { unsynced.end }
        syncs.sync { [self] outcome in
            switch outcome {
            case .done: lock.locked { forgetOverwritten(through: end) }
            case .failed: syncFailed()
            case .notTaken: break
            }
            completion(outcome)
        }
    }

    /// Under the lock, when a stripe has been written.
    func noteOverwritten(_ membuf: Membuf) {
        let retired = superseded.retire(membuf.stripe)
        unsynced.add(UnsyncedStripes.Stripe(stripe: membuf.stripe, sequence: membuf.sequence, retired: retired))
    }

    private func forgetOverwritten(through end: UInt64) {
        for stripe in unsynced.synced(through: end) {
            if let retired = stripe.retired { superseded.forget(retired) }
            cycle.isOnDisk(stripe.stripe, sequence: stripe.sequence)
            if cycle.sequence(stripe.stripe) == stripe.sequence { unreadStripes.remove(stripe.stripe) }
        }
    }

    /// A membuf whose stripe is guarded: what was written before it must be there for good before it is.
    func syncBefore(_ membuf: Membuf) {
        sync { [self] outcome in
            switch outcome {
            case .done:
                perform(
                    lock.locked {
                        membuf.guardState = .synced
                        return writeIfReady(membuf)
                    }
                )
            case .failed: abandon(membuf)
            case .notTaken:
                lock.locked {
                    membuf.guardState = .none
                    guardedWrites.append(membuf)
                }
            }
        }
    }

    /// Now and then: what has been written is synced when much has.
    func syncIfDue() {
        let isDue = lock.locked { !isOffline && unsynced.count >= Self.maxUnsynced }
        if isDue { sync() }
    }
}
