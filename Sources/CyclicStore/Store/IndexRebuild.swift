// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Makes the index of a volume anew from nothing but its stripes, and writes it down as a clean stop does: marks, footer log and snapshot that were
/// there are not believed. For a volume that no store has open.
///
/// A store does the same by itself when it finds that it must; this is for whoever wants it done now, and to watch it.
package struct IndexRebuild {
    /// What came of it.
    package struct Report: Sendable, Hashable, Codable {
        /// The superblock.
        package var volume: VolumeSummary
        /// Stripes in the index.
        package var stripes = 0
        /// Stripes that were given up because header and directory do not agree or cannot be read.
        package var damagedStripes = 0
        /// Records in the index.
        package var records = 0
        /// Bytes of memory that the index takes.
        package var indexBytes = 0
        /// What the next start finds: false when the volume is too small for a snapshot, and each start reads its stripes.
        package var isSnapshotWritten = false
    }

    /// Rebuilds the index of one volume, a file or block device. Reads three pages of each stripe or a few more, in two passes, and writes the footer
    /// log; then makes the index of that. The calling thread waits for the disk.
    /// - Parameter progress: Called after each stripe of the first two passes, and after some hundreds each of the third.
    /// - Throws: ``StoreError``: `in-use` while a store has it, `device` when it cannot be read or written, `not-a-volume` when it is none.
    package static func run(path: String, _ progress: @escaping (VolumeProgress) -> Void = { _ in }) async throws(StoreError) -> Report {
        let device: FileDevice
        do throws(DeviceError) {
            device = try FileDevice(path: path, byteCount: nil)
        } catch { throw StoreError(opening: path, byteCount: 0, error) }
        return try await run(device: device, name: path, entropy: systemRandomWord, progress)
    }

    /// The same for a device that is open already; closes it.
    static func run(
        device: any BlockDevice,
        name: String,
        entropy: () -> UInt64,
        _ progress: (VolumeProgress) -> Void
    ) async throws(StoreError) -> Report {
        defer { device.close() }
        let copies = try superblock(of: device, name)
        let engine: any IOEngine
        do throws(IOEngineError) {
            engine = try IOEngineKind.threads.start(threads: 1)
        } catch { throw StoreError(.configuration, error.description) }
        defer { engine.shutDown() }
        var last = VolumeProgress(done: 0, total: 1, bytesRead: 0)
        var recovered: RecoveredVolume
        do throws(DeviceError) {
            recovered = try RecoveredVolume(
                reading: device,
                superblock: copies.superblock,
                sequenceGap: UInt32(truncatingIfNeeded: entropy()),
                trusting: .stripesAlone
            ) { pass in
                last = pass
                if copies.superblock.regions.haveRestartLog { last.total += copies.superblock.stripeCount }
                progress(last)
            }
        } catch { throw StoreError(device: error, name: name) }
        // The third pass is that of the volume's own rebuild.
        let (advances, advance) = AsyncStream.makeStream(of: Double.self, bufferingPolicy: .bufferingNewest(1))
        recovered.rebuild?.onAdvance = { left, count in advance.yield(Double(count - left) / Double(max(1, count))) }
        let volume = Volume(
            recovered: recovered,
            device: device,
            engine: engine,
            membufs: 2,
            nowSeconds: { UInt64(max(0, time(nil))) }
        )
        volume.whenRebuilt { advance.finish() }
        let before = last
        for await share in advances {
            last.done = before.done + Int(Double(before.total - before.done) * share)
            last.bytesRead =
                before.bytesRead + copies.superblock.regions.footerLog.byteCount * (last.done - before.done)
                / max(1, before.total - before.done)
            progress(last)
        }
        volume.refuseWrites()
        await withCheckedContinuation { continuation in volume.flush { continuation.resume() } }
        await withCheckedContinuation { continuation in volume.saveForRestart { continuation.resume() } }
        do throws(DeviceError) { try device.sync() } catch { throw StoreError(device: error, name: name) }
        let statistics = volume.snapshotStatistics()
        guard !statistics.isOffline else { throw StoreError(.device, "the volume \(name) failed while its index was written") }
        var report = Report(volume: VolumeSummary(copies, deviceBytes: device.byteCount))
        report.stripes = statistics.liveStripes
        report.damagedStripes = statistics.damagedStripes
        report.records = statistics.records
        report.indexBytes = statistics.indexBytes
        report.isSnapshotWritten = volume.lock.locked { volume.restart.mark.closedSnapshot != 0 }
        return report
    }

    private static func superblock(of device: any BlockDevice, _ name: String) throws(StoreError) -> SuperblockReader.Copies {
        let found: SuperblockReader.Found
        do throws(DeviceError) {
            found = try SuperblockReader(device: device).read()
        } catch { throw StoreError(device: error, name: name) }
        switch found {
        case .volume(let copies):
            guard copies.superblock.volumeBytes <= device.byteCount else {
                throw StoreError(shrunk: name, from: copies.superblock.volumeBytes, to: device.byteCount)
            }
            return copies
        case .blank: throw StoreError(.notAVolume, "\(name) is blank: no store has used it yet")
        case .refused(let refusal): throw StoreError(refusal: refusal, name: name)
        }
    }
}
