// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A disk in memory that behaves as badly as it is told to: it fails, lies, flips bits, and forgets, reorders or tears what was not synced
/// when it crashes. One seed decides everything, so a failing run can be run again.
package final class SimulatedDevice: BlockDevice, @unchecked Sendable {
    // Unchecked: `state` is touched only under `lock`.
    /// The unit that is written whole or not at all.
    package static let sectorBytes = SimulatedMedium.sectorBytes

    /// Any alignment will do.
    package let alignment = 1
    private let lock = Lock()
    private var state: State
    private let power: SimulatedPower?

    struct State: ~Copyable {
        var medium: SimulatedMedium
        var byteCount: Int
        var random: SeededRandom
        var faults = Faults()
        var counts = Counts()
        var failsAll = false
        /// The cache lost something, and nobody has been told.
        var owesSyncError = false
    }

    /// An empty disk.
    /// - Parameter power: Where its power comes from, when a test wants to cut it. Several devices may share one.
    package init(byteCount: Int, seed: UInt64, power: SimulatedPower? = nil) {
        self.power = power
        state = State(medium: SimulatedMedium(byteCount: byteCount), byteCount: byteCount, random: SeededRandom(seed: seed))
    }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        lock.locked { body(&state) }
    }

    // MARK: What the test does to it

    /// Sets what may go wrong from now on.
    package func setFaults(_ faults: Faults) { locked { $0.faults = faults } }

    /// From now on every operation fails, or no longer does.
    package func setFailsAll(_ fails: Bool) { locked { $0.failsAll = fails } }

    /// Whether every operation fails.
    package var isDead: Bool { locked { $0.failsAll } }

    /// Another device is in its place, with nothing on it; it counts on.
    package func erase() { locked { $0.medium = SimulatedMedium(byteCount: $0.medium.byteCount) } }

    /// Operations so far.
    package var counts: Counts { locked { $0.counts } }

    /// Power loss: of each write since the last sync all, nothing, one end or any of its sectors are there afterwards.
    package func crash() { crash(.mixed) }

    /// Power loss with a given fate of what was not synced.
    package func crash(_ fate: SimulatedMedium.Fate) {
        locked { state in
            let lost = state.medium.crash(fate, &state.random)
            if lost > 0 { state.counts.add(.unsyncedLost, lost) }
        }
    }

    /// A write that was under way when the process ended: the device may have got any part of it.
    package func tear(at offset: Int, from region: UnsafeRawBufferPointer) {
        locked { state in
            guard offset >= 0, offset + region.count <= state.byteCount else { return }
            state.counts.add(.tornWrite)
            state.medium.tear(at: offset, from: region, &state.random)
        }
    }

    /// The system writes its cache back of its own accord. False: some of it is lost, and the next sync says so.
    package func writeBack() -> Bool { locked { $0.writeBack() } }

    /// Flips one bit of the medium.
    package func corrupt(at offset: Int, bit: UInt8 = 0) {
        locked { $0.medium.flip(at: offset, bit: bit) }
    }

    /// The device has another size from now on; what lies behind the new end is not lost, only out of reach.
    package func resize(to byteCount: Int) {
        locked { $0.byteCount = min(byteCount, $0.medium.byteCount) }
    }

    // MARK: BlockDevice

    /// Size in bytes.
    package var byteCount: Int { locked { $0.byteCount } }

    /// See ``BlockDevice``.
    package func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        if let error = locked({ $0.read(at: offset, into: region, power) }) { throw error }
    }

    /// See ``BlockDevice``. Answers only when ``Faults/cachedRead`` says so.
    package func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool {
        locked { state in
            state.random.happens(state.faults.cachedRead) && state.read(at: offset, into: region, power) == nil
        }
    }

    /// See ``BlockDevice``.
    package func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        if let error = locked({ $0.write(at: offset, from: region, power) }) { throw error }
    }

    /// See ``BlockDevice``.
    package func sync() throws(DeviceError) {
        if let error = locked({ $0.sync(power) }) { throw error }
    }

    /// See ``BlockDevice``.
    package func close() {}
}
