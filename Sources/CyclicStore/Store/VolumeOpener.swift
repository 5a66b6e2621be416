// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Opens or formats a volume and rebuilds its index.
struct VolumeOpener {
    let configuration: StoreConfiguration
    let nowSeconds: @Sendable () -> UInt64
    /// Random words: for the identity and secret of a new volume, and the gap in its sequences.
    let entropy: @Sendable () -> UInt64
    /// The secret of the store's other volumes, for one that is made anew. Nil: it gets one of its own.
    var secret: HashSecret?
    /// Called after each stripe where a volume has nothing but its stripes.
    var progress: (VolumeProgress) -> Void = { _ in }

    /// A file or device by path. A new file gets its whole size at once; so does one that holds nothing but zeros.
    func openDevice(path: String) throws(StoreError) -> FileDevice {
        do throws(DeviceError) {
            let device = try FileDevice(
                path: path,
                byteCount: configuration.volumeBytes,
                directIO: configuration.directIO,
                space: configuration.sparse ? .sparse : .reserved
            )
            do throws(DeviceError) {
                switch try SuperblockReader(device: device).read() {
                case .blank: try device.grow(to: configuration.volumeBytes)
                case .volume: try device.reserve()
                case .refused: break
                }
                return device
            } catch {
                device.close()
                throw error
            }
        } catch {
            throw StoreError(opening: path, byteCount: configuration.volumeBytes, error)
        }
    }

    /// Reads what is on the device, or formats it when it is blank. Something that is not a volume is never written to.
    func recover(_ device: any BlockDevice, name: String) throws(StoreError) -> RecoveredVolume {
        let found: SuperblockReader.Found
        do throws(DeviceError) {
            found = try SuperblockReader(device: device).read()
        } catch { throw StoreError(device: error, name: name) }
        let copies: SuperblockReader.Copies
        switch found {
        case .volume(let intact): copies = intact
        case .blank:
            return try read(device, format(device, name: name), name)
        case .refused(let refusal): throw StoreError(refusal: refusal, name: name)
        }
        let superblock = copies.superblock
        guard superblock.volumeBytes <= device.byteCount else {
            throw StoreError(shrunk: name, from: superblock.volumeBytes, to: device.byteCount)
        }
        if !copies.firstIsIntact { repair(device, superblock, at: 0) }
        if !copies.secondIsIntact { repair(device, superblock, at: superblock.secondCopyOffset) }
        return try read(device, superblock, name)
    }

    private func read(_ device: any BlockDevice, _ superblock: Superblock, _ name: String) throws(StoreError) -> RecoveredVolume {
        do throws(DeviceError) {
            return try RecoveredVolume(reading: device, superblock: superblock, sequenceGap: sequenceGap(), progress: progress)
        } catch { throw StoreError(device: error, name: name, isHardware: true) }
    }

    private func sequenceGap() -> UInt32 { UInt32(truncatingIfNeeded: entropy()) }

    /// Writes a damaged copy anew. When that fails the other copy still serves.
    private func repair(_ device: any BlockDevice, _ superblock: Superblock, at offset: Int) {
        let page = PageBuffer(byteCount: Superblock.byteCount)
        superblock.encode(into: page.region)
        do throws(DeviceError) {
            try device.write(at: offset, from: UnsafeRawBufferPointer(page.region))
            try device.sync()
        } catch {}
    }

    /// Makes a volume of a blank device.
    func format(_ device: any BlockDevice, name: String) throws(StoreError) -> Superblock {
        guard
            let superblock = Superblock.formatting(
                volumeBytes: device.byteCount,
                stripeBytes: configuration.stripeBytes,
                secret: secret ?? HashSecret(word0: entropy(), word1: entropy()),
                // Never zero, so that zeroed disk never looks like an identity.
                id: VolumeID(word0: entropy() | 1, word1: entropy() | 1),
                nowSeconds: nowSeconds()
            )
        else {
            throw StoreError(.configuration, "\(name) has \(device.byteCount) bytes; too few for stripes of \(configuration.stripeBytes)")
        }
        let page = PageBuffer(byteCount: Superblock.byteCount)
        do throws(DeviceError) {
            // The mark before anything says that this is a volume: without one a start would read every stripe.
            if !superblock.regions.marks.isEmpty {
                let mark = TurnMark.initial(stripeCount: superblock.stripeCount)
                mark.encode(into: page.region, volumeID: superblock.volumeID)
                try device.write(
                    at: TurnMark.offset(of: mark.generation, in: superblock.regions.marks),
                    from: UnsafeRawBufferPointer(page.region)
                )
            }
            superblock.encode(into: page.region)
            // The second copy first: a crash in between leaves a device that still counts as blank or as whole, never as foreign.
            try device.write(at: superblock.secondCopyOffset, from: UnsafeRawBufferPointer(page.region))
            try device.sync()
            try device.write(at: 0, from: UnsafeRawBufferPointer(page.region))
            try device.sync()
        } catch {
            throw StoreError(.device, "cannot format the volume \(name): \(error)", isHardware: error.isHardware)
        }
        return superblock
    }
}
