// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    /// Calls back once when writes that were refused for want of a membuf or a clean stripe have a chance again. False: they have it now, and
    /// no call will come.
    func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        lock.locked {
            guard !hasRoom else { return false }
            roomWaiters.append(callback)
            return true
        }
    }

    /// Under the lock, whenever a membuf or a stripe may have become free.
    func roomDeeds() -> [Deed] {
        guard !roomWaiters.isEmpty, hasRoom else { return [] }
        let waiters = roomWaiters
        roomWaiters = []
        return waiters.map { .tell($0) }
    }

    /// A volume that takes nothing any more counts as one with room: whoever waits shall try, and be told why not.
    private var hasRoom: Bool {
        isOffline || isClosed || (freeMembufs.count > (gathersSurvivors && survivorMembuf == nil ? 1 : 0) && canOpenNext)
    }
}
