// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// A disk in memory that behaves as badly as it is told to: it fails, flips bits, and forgets or tears what was not synced when it crashes.
/// One seed decides everything, so a failing run can be run again.
public final class SimulatedDevice: BlockDevice {
    /// What may go wrong, each as a chance out of 2^32 per operation.
    public struct Faults: Sendable {
        /// A read fails with EIO.
        public var readError: UInt32 = 0
        /// A write fails with EIO, having written a random part of its sectors.
        public var writeError: UInt32 = 0
        /// A read returns with one bit flipped (the medium is unharmed).
        public var bitFlip: UInt32 = 0
        /// No faults.
        public init() {}

        /// A probability as a chance.
        public static func chance(_ probability: Double) -> UInt32 { UInt32(probability * 4_294_967_295) }
    }

    /// The unit that is written whole or not at all.
    public static let sectorBytes = 512

    /// Size in bytes.
    public let byteCount: Int
    /// Any alignment will do.
    public let alignment = 1
    private let state: Mutex<State>

    private struct State {
        var durable: [Int: [UInt8]] = [:]
        var unsynced: [Int: [UInt8]] = [:]
        var random: SeededRandom
        var faults = Faults()
        var counts = Counts()
        var failsAll = false
    }

    /// Operations seen and faults injected.
    public struct Counts: Sendable {
        /// Reads asked for.
        public var reads = 0
        /// Writes asked for.
        public var writes = 0
        /// Bytes of successful writes.
        public var bytesWritten = 0
        /// Faults of all kinds.
        public var faults = 0
    }

    /// An empty disk.
    public init(byteCount: Int, seed: UInt64) {
        self.byteCount = byteCount
        state = Mutex(State(random: SeededRandom(seed: seed)))
    }

    /// Sets what may go wrong from now on.
    public func setFaults(_ faults: Faults) { state.withLock { $0.faults = faults } }

    /// From now on every operation fails, or no longer does.
    public func setFailsAll(_ fails: Bool) { state.withLock { $0.failsAll = fails } }

    /// Operations so far.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Power loss: of each sector written since the last sync, either the new or the old bytes are there afterwards.
    public func crash() {
        state.withLock { state in
            for (sector, bytes) in state.unsynced.sorted(by: { $0.key < $1.key }) where state.random.next() & 1 == 0 {
                state.durable[sector] = bytes
            }
            state.unsynced.removeAll()
        }
    }

    /// Flips one bit of the medium.
    public func corrupt(at offset: Int, bit: UInt8 = 0) {
        state.withLock { state in
            let sector = offset / Self.sectorBytes
            var bytes = state.unsynced[sector] ?? state.durable[sector] ?? [UInt8](repeating: 0, count: Self.sectorBytes)
            bytes[offset % Self.sectorBytes] ^= 1 << (bit & 7)
            state.durable[sector] = bytes
            state.unsynced[sector] = nil
        }
    }

    /// See ``BlockDevice``.
    public func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        guard offset >= 0, offset + region.count <= byteCount else { throw DeviceError(.read, errno: 0, offset: offset) }
        let failed = state.withLock { state in
            state.counts.reads += 1
            if state.failsAll || state.random.happens(state.faults.readError) {
                state.counts.faults += 1
                return true
            }
            var position = 0
            while position < region.count {
                let (sector, within) = (offset + position).quotientAndRemainder(dividingBy: Self.sectorBytes)
                let count = min(Self.sectorBytes - within, region.count - position)
                let target = region.part(position, count)
                if let bytes = state.unsynced[sector] ?? state.durable[sector] {
                    bytes.withUnsafeBytes { target.copyMemory(from: $0.part(within, count)) }
                } else {
                    target.zero()
                }
                position += count
            }
            if region.count > 0, state.random.happens(state.faults.bitFlip) {
                state.counts.faults += 1
                let bit = state.random.next()
                region[Int(bit % UInt64(region.count))] ^= 1 << UInt8(bit >> 61)
            }
            return false
        }
        if failed { throw DeviceError(.read, errno: 5, offset: offset) }
    }

    /// See ``BlockDevice``.
    public func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }

    /// See ``BlockDevice``.
    public func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        guard offset >= 0, offset + region.count <= byteCount else { throw DeviceError(.write, errno: 0, offset: offset) }
        let failed = state.withLock { state in
            state.counts.writes += 1
            let fails = state.failsAll || state.random.happens(state.faults.writeError)
            if fails { state.counts.faults += 1 }
            var position = 0
            while position < region.count {
                let (sector, within) = (offset + position).quotientAndRemainder(dividingBy: Self.sectorBytes)
                let count = min(Self.sectorBytes - within, region.count - position)
                if !fails || (!state.failsAll && state.random.next() & 1 == 0) {
                    var bytes = state.unsynced[sector] ?? state.durable[sector] ?? [UInt8](repeating: 0, count: Self.sectorBytes)
                    bytes.withUnsafeMutableBytes { $0.part(within, count).copyMemory(from: region.part(position, count)) }
                    state.unsynced[sector] = bytes
                }
                position += count
            }
            if !fails { state.counts.bytesWritten += region.count }
            return fails
        }
        if failed { throw DeviceError(.write, errno: 5, offset: offset) }
    }

    /// See ``BlockDevice``.
    public func sync() throws(DeviceError) {
        let failed = state.withLock { state in
            guard !state.failsAll else {
                state.counts.faults += 1
                return true
            }
            state.durable.merge(state.unsynced) { _, new in new }
            state.unsynced.removeAll()
            return false
        }
        if failed { throw DeviceError(.sync, errno: 5) }
    }

    /// See ``BlockDevice``.
    public func close() {}
}
