// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Keeps all volumes of a store within one ``WriteBudget``.
///
/// A membuf is opened only when there are bytes for one more after all that are sealed and not yet written; the bytes are taken when one is
/// written. Where the budget says no at that moment the membuf waits, readable, until a tick finds room. Nobody waits but membufs: a record
/// that gets no place is refused, as when no membuf is free. A purge that finds the window of ten seconds full goes to the journal when there is room,
/// before any membuf.
final class WriteGovernor: @unchecked Sendable {
    // Unchecked: guarded by `lock`.
    private let lock = Lock()
    private var budget: WriteBudget
    /// Bytes of membufs that are sealed and not yet being written.
    private var sealed = 0
    /// Bytes taken and charged in this run.
    private var spentBytes = 0
    private let isLimited: Bool
    private let nanoseconds: @Sendable () -> Int

    /// So many bytes of a day, at most and about, may be forgotten by a crash; nil without a bound by the day.
    let dayGrain: Int?

    /// - Parameter nanoseconds: A clock that does not go back.
    init(_ budget: WriteBudget, nanoseconds: @escaping @Sendable () -> Int) {
        self.budget = budget
        self.nanoseconds = nanoseconds
        dayGrain = budget.bytesPerDay.map { max($0 / 1000, 256 << 10) }
        isLimited = budget.bytesPerSecond != nil || budget.bytesPerDay != nil
    }

    /// What gives way now.
    var pressure: WriteBudget.Pressure {
        guard isLimited else { return .none }
        return lock.locked { budget.pressure(bytes: sealed, now: nanoseconds()) }
    }

    /// Whether a membuf may be opened.
    func mayOpen(_ bytes: Int, for purpose: WriteBudget.Purpose) -> Bool {
        guard isLimited else { return true }
        return lock.locked {
            let pressure = budget.pressure(bytes: sealed + bytes, now: nanoseconds())
            return pressure == .none || (pressure == .noRelocation && purpose == .admission)
        }
    }

    /// A membuf has been sealed: ``take(_:)`` will be asked for its bytes until it gives them, or ``unseal(_:)`` says that it will not.
    func seal(_ bytes: Int) {
        if isLimited { lock.locked { sealed += bytes } }
    }

    /// A membuf that has been sealed is given up.
    func unseal(_ bytes: Int) {
        if isLimited { lock.locked { sealed -= bytes } }
    }

    /// Takes bytes that are written beside the stripes. False: not now.
    func takeAside(_ bytes: Int) -> Bool {
        guard isLimited else { return true }
        return lock.locked { takeLocked(bytes) }
    }

    /// As ``WriteBudget/takeUrgent(_:isWaiting:now:)``.
    func takeUrgent(_ bytes: Int, isWaiting: Bool) -> Bool {
        guard isLimited else { return true }
        return lock.locked {
            guard budget.takeUrgent(bytes, isWaiting: isWaiting, now: nanoseconds()) else { return false }
            spentBytes += bytes
            return true
        }
    }

    /// As ``WriteBudget/stopWaiting(_:)``.
    func stopWaiting(_ bytes: Int) {
        if isLimited { lock.locked { budget.stopWaiting(bytes) } }
    }

    /// Counts bytes that were written whatever the budget says.
    func charge(_ bytes: Int) {
        guard isLimited else { return }
        lock.locked {
            budget.charge(bytes, now: nanoseconds())
            spentBytes += bytes
        }
    }

    /// Bytes taken and charged in this run; 0 without a bound.
    var spent: Int { isLimited ? lock.locked { spentBytes } : 0 }

    /// A store that was used before is opened.
    func beginAgain() {
        if isLimited { lock.locked { budget.beginAgain() } }
    }

    /// What was written of the bytes of the last day; nil without a bound by the day.
    var day: WriteBudget.Day? {
        isLimited ? lock.locked { budget.day(now: nanoseconds()) } : nil
    }

    /// Takes in what an earlier run left.
    /// - Parameter isFinal: It left nothing out. Else it is taken for somewhat more, so that crashes never add up to a larger budget.
    func resume(_ day: WriteBudget.Day, secondsAgo: Int, isFinal: Bool) {
        guard let dayGrain else { return }
        lock.locked { budget.resume(day, secondsAgo: secondsAgo, now: nanoseconds()) }
        if !isFinal { charge(2 * dayGrain) }
    }

    /// Takes the bytes of a membuf that is about to be written. False: not now.
    func take(_ bytes: Int) -> Bool {
        guard isLimited else { return true }
        return lock.locked {
            guard takeLocked(bytes) else { return false }
            sealed -= bytes
            return true
        }
    }

    private func takeLocked(_ bytes: Int) -> Bool {
        guard budget.take(bytes, for: .admission, now: nanoseconds()) else { return false }
        spentBytes += bytes
        return true
    }
}
