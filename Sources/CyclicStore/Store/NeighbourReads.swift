// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Runs that are being read: each once, and no more at a time than a disk does well with.
final class NeighbourReads: @unchecked Sendable {
    static let limit = 64

    struct Run: Hashable {
        var volume: VolumeID
        var unit: UInt64
    }

    private let lock = Lock()
    // Guarded by `lock`.
    private var going: Set<Run> = []

    /// Nil: somebody else reads it, or enough are read.
    func begin(_ origin: RecordBox.Origin, _ volume: Volume) -> Run? {
        let run = Run(volume: volume.superblock.volumeID, unit: origin.address.units - UInt64(origin.run.unitsBefore))
        return lock.locked {
            guard going.count < Self.limit, going.insert(run).inserted else { return nil }
            return run
        }
    }

    func end(_ run: Run) { lock.locked { _ = going.remove(run) } }

    /// Nothing is being read. For tests.
    var isIdle: Bool { lock.locked { going.isEmpty } }
}
