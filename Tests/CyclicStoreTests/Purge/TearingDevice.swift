// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

@testable import CyclicStore

/// A small disk whose power fails when it is told, and which keeps just the unsynced sectors it is told.
final class TearingDevice: BlockDevice {
    static let sectorBytes = 512

    let byteCount: Int
    let alignment = 4096
    private let state: Mutex<State>

    private struct State {
        var durable: [UInt8]
        /// Sectors written and not synced, in the order of writing.
        var unsynced: [(sector: Int, bytes: [UInt8])] = []
        /// Writes and syncs until the power fails.
        var left = Int.max
        var writes = 0
        var syncs = 0
    }

    init(byteCount: Int) {
        self.byteCount = byteCount
        state = Mutex(State(durable: [UInt8](repeating: 0, count: byteCount)))
    }

    private init(durable: [UInt8]) {
        byteCount = durable.count
        state = Mutex(State(durable: durable))
    }

    /// The power fails after so many more writes and syncs: every operation then fails.
    func failPower(after count: Int) { state.withLock { $0.left = count } }

    var unsyncedSectors: Int { state.withLock { $0.unsynced.count } }
    var counts: (writes: Int, syncs: Int) { state.withLock { ($0.writes, $0.syncs) } }

    /// The disk after the power came back: of what was not synced, the sectors that `keeps` names by their number in order of writing.
    func afterCrash(_ keeps: (Int) -> Bool) -> TearingDevice {
        let state = state.withLock { $0 }
        var durable = state.durable
        for (number, (sector, bytes)) in state.unsynced.enumerated() where keeps(number) {
            durable.replaceSubrange(sector * Self.sectorBytes..<(sector + 1) * Self.sectorBytes, with: bytes)
        }
        return TearingDevice(durable: durable)
    }

    /// Spoils a byte of the medium.
    func corrupt(at offset: Int) { state.withLock { $0.durable[offset] ^= 0x40 } }

    /// A second disk with the same bytes.
    func copy() -> TearingDevice { afterCrash { _ in true } }

    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        let worked = state.withLock { state in
            guard state.left > 0 else { return false }
            var image = state.durable
            for (sector, bytes) in state.unsynced {
                image.replaceSubrange(sector * Self.sectorBytes..<(sector + 1) * Self.sectorBytes, with: bytes)
            }
            image.withUnsafeBytes { region.copyMemory(from: $0.part(offset, region.count)) }
            return true
        }
        if !worked { throw DeviceError(.read, errno: 5, offset: offset) }
    }

    func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }

    func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        let worked = state.withLock { state in
            guard state.left > 0 else { return false }
            state.left -= 1
            state.writes += 1
            for position in stride(from: 0, to: region.count, by: Self.sectorBytes) {
                state.unsynced.append(((offset + position) / Self.sectorBytes, Array(region.part(position, Self.sectorBytes))))
            }
            return true
        }
        if !worked { throw DeviceError(.write, errno: 5, offset: offset) }
    }

    func sync() throws(DeviceError) {
        let worked = state.withLock { state in
            guard state.left > 0 else { return false }
            state.left -= 1
            state.syncs += 1
            for (sector, bytes) in state.unsynced {
                state.durable.replaceSubrange(sector * Self.sectorBytes..<(sector + 1) * Self.sectorBytes, with: bytes)
            }
            state.unsynced = []
            return true
        }
        if !worked { throw DeviceError(.sync, errno: 5) }
    }

    func close() {}
}
