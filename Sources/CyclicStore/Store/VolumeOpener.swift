// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Opens or formats a volume and rebuilds its index.
struct VolumeOpener {
    let configuration: StoreConfiguration
    let nowSeconds: @Sendable () -> UInt64

    /// A file or device by path.
    func openDevice(path: String) throws(StoreError) -> FileDevice {
        do throws(DeviceError) {
            return try FileDevice(path: path, byteCount: configuration.volumeBytes, directIO: configuration.directIO)
        } catch {
            let text = SystemError.text(error.errno)
            switch (error.operation, error.errno) {
            case (.lock, _): throw StoreError(.inUse, "the volume \(path) is in use by another process")
            case (.allocate, _): throw StoreError(.noSpace, "no room for the volume \(path) of \(configuration.volumeBytes) bytes: \(text)")
            default: throw StoreError(.device, "cannot open the volume \(path): \(text)")
            }
        }
    }

    /// Reads what is on the device, or formats it when it is blank. Something that is not a volume is never overwritten.
    func recover(_ device: any BlockDevice, name: String) throws(StoreError) -> RecoveredVolume {
        let found: SuperblockFound
        do throws(DeviceError) { found = try readSuperblock(device) } catch { throw failure(name, error) }
        switch found {
        case .found(let superblock):
            guard superblock.volumeBytes <= device.byteCount else {
                throw StoreError(
                    .notAVolume,
                    "the volume \(name) was made with \(superblock.volumeBytes) bytes and has only \(device.byteCount) now"
                )
            }
            do throws(DeviceError) {
                return try RecoveredVolume(reading: device, superblock: superblock)
            } catch { throw failure(name, error) }
        case .blank:
            return RecoveredVolume(empty: try format(device, name: name))
        case .refused(.version(let version)):
            throw StoreError(
                .version,
                "the volume \(name) has format version \(version); this program reads version \(Superblock.currentVersion)"
            )
        case .refused:
            throw StoreError(.notAVolume, "\(name) is not empty and not a volume; give another path, or delete it first")
        }
    }

    private func failure(_ name: String, _ error: DeviceError) -> StoreError {
        StoreError(.device, "the volume \(name) failed: \(error)")
    }

    enum SuperblockFound {
        case found(Superblock)
        case blank
        case refused(Superblock.Refusal)
    }

    /// The first copy, or the second when the first is damaged. The second lies where a geometry says, so each legal stripe size is tried.
    func readSuperblock(_ device: any BlockDevice) throws(DeviceError) -> SuperblockFound {
        var refusal = Superblock.Refusal.notAVolume
        let page = PageBuffer(byteCount: Superblock.byteCount)
        try device.read(at: 0, into: page.region)
        let isBlank = page.region.allSatisfy { $0 == 0 }
        do throws(Superblock.Refusal) {
            return .found(try Superblock(decoding: UnsafeRawBufferPointer(page.region)))
        } catch {
            refusal = error
        }
        if case .version = refusal { return .refused(refusal) }
        var stripeBytes = Limits.minStripeBytes
        while stripeBytes <= Limits.maxStripeBytes, stripeBytes <= device.byteCount {
            try device.read(at: stripeBytes - Superblock.byteCount, into: page.region)
            do throws(Superblock.Refusal) {
                return .found(try Superblock(decoding: UnsafeRawBufferPointer(page.region)))
            } catch {}
            stripeBytes *= 2
        }
        return isBlank ? .blank : .refused(refusal)
    }

    private func format(_ device: any BlockDevice, name: String) throws(StoreError) -> Superblock {
        let (id0, id1) = systemRandomWords()
        let (secret0, secret1) = systemRandomWords()
        guard
            let superblock = Superblock.formatting(
                volumeBytes: device.byteCount,
                stripeBytes: configuration.stripeBytes,
                secret: HashSecret(word0: secret0, word1: secret1),
                id: VolumeID(word0: id0, word1: id1),
                nowSeconds: nowSeconds()
            )
        else {
            throw StoreError(.configuration, "\(name) has \(device.byteCount) bytes; too few for stripes of \(configuration.stripeBytes)")
        }
        let page = PageBuffer(byteCount: Superblock.byteCount)
        superblock.encode(into: page.region)
        do throws(DeviceError) {
            // The second copy first: a crash in between leaves a device that still counts as blank or as whole, never as foreign.
            try device.write(at: superblock.secondCopyOffset, from: UnsafeRawBufferPointer(page.region))
            try device.sync()
            try device.write(at: 0, from: UnsafeRawBufferPointer(page.region))
            try device.sync()
        } catch {
            throw StoreError(.device, "cannot format the volume \(name): \(error)")
        }
        return superblock
    }
}
