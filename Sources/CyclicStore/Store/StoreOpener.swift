// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Opens the volumes of a store.
///
/// What is wrong with the configuration refuses the start: a path that holds something else, a volume in use, of another store, or
/// smaller than it was made. What is wrong with the hardware does not: the volume is left out, and named among the problems. Nothing that
/// was refused or left out is written to.
struct StoreOpener {
    let configuration: StoreConfiguration
    let nowSeconds: @Sendable () -> UInt64
    let entropy: @Sendable () -> UInt64
    /// A clock that does not go back, for the write budget.
    let nanoseconds: @Sendable () -> Int
    /// Called with a volume's path after each stripe that is read before the store opens.
    var progress: (String, VolumeProgress) -> Void = { _, _ in }

    /// A device with its place in the configuration.
    struct Device {
        var device: any BlockDevice
        var volume: VolumeConfiguration
    }

    /// What came of it.
    struct Opened {
        var members: [VolumeSet.Member] = []
        let governor: WriteGovernor
        var problems: [StoreProblem] = []
        var secret: HashSecret
        var serials: SerialClock
        var purger: Purger
    }

    /// Opens files and devices by their paths. On a throw all are closed.
    func openDevices() throws(StoreError) -> (devices: [Device], problems: [StoreProblem]) {
        var devices: [Device] = []
        var problems: [StoreProblem] = []
        for volume in configuration.allVolumes {
            do throws(StoreError) {
                devices.append(Device(device: try open(volume), volume: volume))
            } catch {
                guard error.isHardware else {
                    for opened in devices { opened.device.close() }
                    throw error
                }
                problems.append(Self.missing(volume, error))
            }
        }
        return (devices, problems)
    }

    private func open(_ volume: VolumeConfiguration) throws(StoreError) -> any BlockDevice {
        // Opening would make a file in the place of a disk that is gone.
        if volume.path.hasPrefix("/dev/"), !volume.path.hasPrefix("/dev/shm/"), access(volume.path, F_OK) != 0 {
            throw StoreError(.device, "there is no device \(volume.path)", isHardware: true)
        }
        return try opener(volume, secret: nil).openDevice(path: volume.path)
    }

    private func opener(_ volume: VolumeConfiguration, secret: HashSecret?) -> VolumeOpener {
        VolumeOpener(
            configuration: configuration.single(volume),
            nowSeconds: nowSeconds,
            entropy: entropy,
            secret: secret,
            progress: { progress(volume.path, $0) }
        )
    }

    private static func missing(_ volume: VolumeConfiguration, _ error: StoreError) -> StoreProblem {
        StoreProblem(kind: .missingVolume, volume: volume.path, description: error.description)
    }

    /// A device on which a volume was found or made.
    private struct Ready {
        var device: any BlockDevice
        var volume: VolumeConfiguration
        var superblock: Superblock
        var engine: any IOEngine
        var syncs: DeviceSyncs

        var weight: UInt32 { UInt32(clamping: volume.weight ?? superblock.volumeBytes >> 20) }
    }

    /// Reads what is on the devices, or formats them. On a throw all are closed.
    /// - Parameters:
    ///   - engine: Makes the engine that serves one volume.
    ///   - onFailure: The purge journal of a volume has failed: it no longer learns of purges, and must be set aside.
    func open(
        _ devices: [Device],
        problems: [StoreProblem] = [],
        engine: () throws(StoreError) -> any IOEngine,
        onFailure: @escaping @Sendable (VolumeID) -> Void
    ) throws(StoreError) -> Opened {
        let governor = WriteGovernor(
            WriteBudget(
                bytesPerSecond: configuration.writeBytesPerSecond,
                bytesPerDay: configuration.writeBytesPerDay,
                grain: configuration.stripeBytes,
                now: nanoseconds()
            ),
            nanoseconds: nanoseconds
        )
        var problems = problems
        var left = devices
        var ready: [Ready] = []
        do throws(StoreError) {
            // Before anything is formatted, since a new volume takes the secret of the others, and nothing is formatted in vain.
            let known = try superblocks(of: &left, &problems)
            let secret = known.first?.value.secret ?? HashSecret(word0: entropy(), word1: entropy())
            for next in left {
                let name = next.volume.path
                do throws(StoreError) {
                    let superblock: Superblock
                    if let found = known[ObjectIdentifier(next.device)] {
                        superblock = found
                    } else if known.isEmpty, let missing = problems.first {
                        // With a secret of its own it could never be used together with the one that is missing.
                        throw StoreError(
                            .device,
                            "\(name) is blank and is not made a volume while \(missing.volume) cannot be read: leave out the one that is to go",
                            isHardware: true
                        )
                    } else {
                        superblock = try opener(next.volume, secret: secret).format(next.device, name: name)
                    }
                    let engine = try engine()
                    let syncs = DeviceSyncs(device: next.device, engine: engine)
                    ready.append(Ready(device: next.device, volume: next.volume, superblock: superblock, engine: engine, syncs: syncs))
                } catch {
                    try leaveOut(next.device, next.volume, error, &left, &problems)
                }
            }
            let serials = SerialClock(nowSeconds: nowSeconds)
            // Before the volumes turn: what is carried forward is judged by the purges.
            let purges = Purger.open(
                ready.map {
                    Purger.Volume(
                        id: $0.superblock.volumeID,
                        weight: $0.weight,
                        device: $0.device,
                        engine: $0.engine,
                        syncs: $0.syncs,
                        journal: $0.superblock.regions.journal,
                        governor: governor
                    )
                },
                secret: secret,
                nextSerial: { serials.next() },
                advance: { serials.advance(past: $0) },
                entropy: entropy,
                onFailure: onFailure
            )
            for (volume, error) in purges.failed {
                guard let failed = ready.first(where: { $0.superblock.volumeID == volume }) else { continue }
                failed.engine.shutDown()
                ready.removeAll { $0.superblock.volumeID == volume }
                let name = failed.volume.path
                try leaveOut(failed.device, failed.volume, StoreError(device: error, name: name, isHardware: true), &left, &problems)
            }
            var opened = Opened(governor: governor, problems: problems, secret: secret, serials: serials, purger: purges.purger)
            for next in ready {
                do throws(StoreError) {
                    opened.members.append(try member(next, opened))
                } catch {
                    purges.purger.setAside(next.superblock.volumeID) { _ in }
                    next.engine.shutDown()
                    try leaveOut(next.device, next.volume, error, &left, &opened.problems)
                }
            }
            guard !opened.members.isEmpty || opened.problems.isEmpty else { throw Self.none(opened.problems) }
            if !known.isEmpty { resumeBudget(opened) }
            return opened
        } catch {
            for next in ready { next.engine.shutDown() }
            for next in left { next.device.close() }
            throw error
        }
    }

    /// The bytes that an earlier run has written count on. Every volume has them; the newest are right.
    private func resumeBudget(_ opened: Opened) {
        opened.governor.beginAgain()
        let newest = opened.members.map(\.volume.keptAtStart).max { $0.daySeconds < $1.daySeconds }
        guard let newest, let day = newest.day else { return }
        let secondsAgo = Int(clamping: nowSeconds()) - Int(clamping: newest.daySeconds)
        opened.governor.resume(day, secondsAgo: secondsAgo, isFinal: newest.isFinal)
    }

    private func member(_ ready: Ready, _ opened: Opened) throws(StoreError) -> VolumeSet.Member {
        let recovered = try opener(ready.volume, secret: opened.secret).recover(ready.device, name: ready.volume.path)
        let (purger, id) = (opened.purger, ready.superblock.volumeID)
        let volume = Volume(
            recovered: recovered,
            device: ready.device,
            engine: ready.engine,
            syncs: ready.syncs,
            membufs: configuration.membufs,
            replacement: configuration.replacement,
            serials: opened.serials,
            governor: opened.governor,
            isPurged: { header, key, tags in
                let tags: [UInt64] = (0..<(tags.count / 8)).map { tags.field($0 * 8) }
                let found = tags.withUnsafeBufferPointer {
                    purger.verdict(serial: header.serial, hash: header.hash, key: key, tags: $0, volume: id)
                }
                return found.verdict != .current
            },
            nowSeconds: nowSeconds
        )
        return VolumeSet.Member(volume: volume, name: ready.volume.path, weight: ready.weight)
    }

    /// Goes on without a volume when its hardware is to blame.
    private func leaveOut(
        _ device: any BlockDevice,
        _ volume: VolumeConfiguration,
        _ error: StoreError,
        _ left: inout [Device],
        _ problems: inout [StoreProblem]
    ) throws(StoreError) {
        guard error.isHardware else { throw error }
        device.close()
        left.removeAll { $0.device === device }
        problems.append(Self.missing(volume, error))
    }

    private static func none(_ problems: [StoreProblem]) -> StoreError {
        let texts = problems.map { $0.description }.joined(separator: "; ")
        return StoreError(.device, "no volume of the store can be used: \(texts)", isHardware: true)
    }

    /// The superblocks of the volumes that are there, which share one secret. Devices that cannot be read are closed and taken out.
    private func superblocks(
        of devices: inout [Device],
        _ problems: inout [StoreProblem]
    ) throws(StoreError) -> [ObjectIdentifier: Superblock] {
        var known: [(superblock: Superblock, name: String)] = []
        var byDevice: [ObjectIdentifier: Superblock] = [:]
        for next in devices {
            let name = next.volume.path
            let found: SuperblockReader.Found
            do throws(DeviceError) {
                found = try SuperblockReader(device: next.device).read()
            } catch {
                try leaveOut(next.device, next.volume, StoreError(device: error, name: name), &devices, &problems)
                continue
            }
            switch found {
            case .volume(let copies):
                known.append((copies.superblock, name))
                byDevice[ObjectIdentifier(next.device)] = copies.superblock
                guard copies.superblock.volumeBytes <= next.device.byteCount else {
                    throw StoreError(shrunk: name, from: copies.superblock.volumeBytes, to: next.device.byteCount)
                }
            case .blank: break
            case .refused(let refusal): throw StoreError(refusal: refusal, name: name)
            }
        }
        guard let first = known.first else { return [:] }
        for (position, other) in known.enumerated().dropFirst() {
            if let twin = known[..<position].first(where: { $0.superblock.volumeID == other.superblock.volumeID }) {
                throw StoreError(.foreign, "\(twin.name) and \(other.name) are copies of one volume; delete one of them")
            }
            guard other.superblock.secret == first.superblock.secret else {
                throw StoreError(
                    .foreign,
                    "the volumes \(first.name) and \(other.name) belong to different stores; leave one out, or delete it to have it made anew"
                )
            }
        }
        return byDevice
    }
}
