// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Somebody waits for room in a volume. Ends by being told or by being cancelled, whichever comes first, and holds on to nothing afterwards.
public final class RoomWait: Sendable {
    private let lock = Lock()
    private nonisolated(unsafe) var callback: (@Sendable () -> Void)?

    init(_ callback: @escaping @Sendable () -> Void) { self.callback = callback }

    /// Ends the wait. The callback is not called any more, unless it is being called this moment.
    public func cancel() { _ = take() }

    func tell() { take()?() }

    var isOver: Bool { lock.locked { callback == nil } }

    private func take() -> (@Sendable () -> Void)? {
        lock.locked { callback.take() }
    }
}

/// Those who wait for room in one volume. The volume itself is asked once for all of them.
final class RoomWaiters: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var waits: [RoomWait] = []
    private var sweepAt = 64
    /// The volume has been asked and has not answered yet.
    private var isAsked = false

    /// False: there is room now.
    func wait(_ wait: RoomWait, in volume: Volume) -> Bool {
        let isFirst = lock.locked {
            // Cancelled ones go before they outnumber the others.
            if waits.count >= sweepAt {
                waits.removeAll { $0.isOver }
                sweepAt = max(64, waits.count * 2)
            }
            waits.append(wait)
            defer { isAsked = true }
            return !isAsked
        }
        guard isFirst, !volume.whenRoom({ self.tellAll(but: nil) }) else { return true }
        tellAll(but: wait)
        return false
    }

    private func tellAll(but one: RoomWait?) {
        let told = lock.locked {
            defer { waits = [] }
            isAsked = false
            return waits
        }
        for wait in told where wait !== one { wait.tell() }
    }
}
