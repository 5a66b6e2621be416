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
        /// Nil without a volume.
        var secret: HashSecret?
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
        VolumeOpener(configuration: configuration.single(volume), nowSeconds: nowSeconds, entropy: entropy, secret: secret)
    }

    private static func missing(_ volume: VolumeConfiguration, _ error: StoreError) -> StoreProblem {
        StoreProblem(kind: .missingVolume, volume: volume.path, description: error.description)
    }

    /// Reads what is on the devices, or formats them. On a throw all are closed.
    /// - Parameter engine: Makes the engine that serves one volume.
    func open(
        _ devices: [Device],
        problems: [StoreProblem] = [],
        engine: () throws(StoreError) -> any IOEngine
    ) throws(StoreError) -> Opened {
        let serials = SerialClock(nowSeconds: nowSeconds)
        let governor = WriteGovernor(
            WriteBudget(
                bytesPerSecond: configuration.writeBytesPerSecond,
                bytesPerDay: configuration.writeBytesPerDay,
                grain: configuration.stripeBytes,
                now: nanoseconds()
            ),
            nanoseconds: nanoseconds
        )
        var opened = Opened(governor: governor, problems: problems)
        var left = devices
        do throws(StoreError) {
            // Before anything is formatted, since a new volume takes the secret of the others, and nothing is formatted in vain.
            let found = try secrets(of: &left, &opened.problems)
            var secret = found
            for next in left {
                let name = next.volume.path
                do throws(StoreError) {
                    let recovered = try opener(next.volume, secret: secret).recover(next.device, name: name)
                    secret = recovered.superblock.secret
                    let weight = next.volume.weight.map(Double.init) ?? Double(recovered.superblock.volumeBytes) / 0x1p20
                    let volume = Volume(
                        recovered: recovered,
                        device: next.device,
                        engine: try engine(),
                        membufs: configuration.membufs,
                        replacement: configuration.replacement,
                        serials: serials,
                        governor: governor,
                        nowSeconds: nowSeconds
                    )
                    opened.members.append(VolumeSet.Member(volume: volume, name: name, weight: weight))
                } catch {
                    guard error.isHardware else { throw error }
                    next.device.close()
                    left.removeAll { $0.device === next.device }
                    opened.problems.append(Self.missing(next.volume, error))
                }
            }
            guard !opened.members.isEmpty || opened.problems.isEmpty else { throw Self.none(opened.problems) }
            opened.secret = secret
            return opened
        } catch {
            for member in opened.members { member.volume.engine.shutDown() }
            for next in left { next.device.close() }
            throw error
        }
    }

    private static func none(_ problems: [StoreProblem]) -> StoreError {
        let texts = problems.map { $0.description }.joined(separator: "; ")
        return StoreError(.device, "no volume of the store can be used: \(texts)", isHardware: true)
    }

    /// The secret that all volumes that are there share; nil when none is. Devices that cannot be read are closed and taken out.
    private func secrets(of devices: inout [Device], _ problems: inout [StoreProblem]) throws(StoreError) -> HashSecret? {
        var known: [(superblock: Superblock, name: String)] = []
        for next in devices {
            let name = next.volume.path
            let found: SuperblockReader.Found
            do throws(DeviceError) {
                found = try SuperblockReader(device: next.device).read()
            } catch {
                guard error.isHardware else { throw StoreError(device: error, name: name) }
                next.device.close()
                devices.removeAll { $0.device === next.device }
                problems.append(Self.missing(next.volume, StoreError(device: error, name: name)))
                continue
            }
            switch found {
            case .volume(let copies): known.append((copies.superblock, name))
            case .blank: break
            case .refused(let refusal): throw StoreError(refusal: refusal, name: name)
            }
        }
        guard let first = known.first else { return nil }
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
        return first.superblock.secret
    }
}
