// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Looks into a volume without a store: opens it for reading only, takes no lock, writes nothing, repairs nothing.
///
/// A volume that a running store writes to can be inspected; a stripe that is being written then shows as damaged.
///
/// ```swift
/// let inspector = try VolumeInspector(path: "/var/cache/gyre/volume")
/// defer { inspector.close() }
/// for stripe in inspector.survey().stripes where stripe.verdict == .damaged { print(stripe.stripe) }
/// ```
package struct VolumeInspector: Sendable {
    /// What the superblock says.
    package let summary: VolumeSummary
    let device: any BlockDevice
    let superblock: Superblock
    private let name: String

    /// Opens a file or block device.
    /// - Throws: ``StoreError``: `device` when it cannot be opened or read, `not-a-volume` and `version` when it holds something else.
    package init(path: String) throws(StoreError) {
        let device: FileDevice
        do throws(DeviceError) {
            device = try FileDevice(path: path, byteCount: nil, readOnly: true)
        } catch {
            throw StoreError(.device, "cannot open the volume \(path): \(SystemError.text(error.errno))")
        }
        try self.init(device: device, name: path)
    }

    /// Looks into a device that is open already, and closes it when it holds no volume.
    package init(device: any BlockDevice, name: String = "device") throws(StoreError) {
        do throws(StoreError) {
            let found: SuperblockReader.Found
            do throws(DeviceError) {
                found = try SuperblockReader(device: device).read()
            } catch { throw StoreError(device: error, name: name) }
            switch found {
            case .volume(let copies):
                superblock = copies.superblock
                summary = VolumeSummary(copies, deviceBytes: device.byteCount)
            case .blank: throw StoreError(.notAVolume, "\(name) is blank: no store has used it yet")
            case .refused(let refusal): throw StoreError(refusal: refusal, name: name)
            }
        } catch {
            device.close()
            throw error
        }
        self.device = device
        self.name = name
    }

    /// Gives the device back.
    package func close() { device.close() }

    /// What one stripe holds. Two or three small reads.
    /// - Throws: ``StoreError`` `configuration` when there is no such stripe.
    package func stripe(_ stripe: Int) throws(StoreError) -> StripeSummary {
        try check(stripe)
        return summarize(stripe)
    }

    /// What every stripe holds, and where the head is. Two or three small reads for each stripe: about a minute for 10,000 on a disk.
    package func survey() -> VolumeSurvey {
        VolumeSurvey(volume: summary, stripes: (0..<superblock.stripeCount).map(summarize))
    }

    /// The records of one stripe as its directory lists them, each read and checked. Reads the whole stripe.
    /// - Throws: ``StoreError`` `configuration` when there is no such stripe, `device` when it cannot be read.
    package func records(ofStripe stripe: Int) throws(StoreError) -> [RecordSummary] {
        try check(stripe)
        guard let footer = StripeScanner(superblock: superblock, device: device).footer(of: stripe) else { return [] }
        let whole = PageBuffer(byteCount: superblock.stripeBytes)
        do throws(DeviceError) {
            try device.read(at: superblock.offset(of: stripe), into: whole.region)
        } catch { throw StoreError(device: error, name: name) }
        let bytes = UnsafeRawBufferPointer(whole.region)
        return footer.entries.map { entry in
            let offset = Int(entry.unitInStripe) * superblock.recordAlignment
            let length = Int(entry.units) * superblock.recordAlignment
            return RecordSummary(
                entry,
                offset: offset,
                bytes: entry.isTombstone ? nil : bytes.part(offset, length),
                sequence: footer.sequence
            )
        }
    }

    private func check(_ stripe: Int) throws(StoreError) {
        guard (0..<superblock.stripeCount).contains(stripe) else {
            throw StoreError(.configuration, "there is no stripe \(stripe) in \(name); stripes are 0 to \(superblock.stripeCount - 1)")
        }
    }

    private func summarize(_ stripe: Int) -> StripeSummary {
        let scanner = StripeScanner(superblock: superblock, device: device)
        var summary = StripeSummary(stripe: stripe, offset: superblock.offset(of: stripe))
        switch scanner.scan(stripe) {
        case .blank: return summary
        case .damaged: summary.verdict = .damaged
        case .intact(let header, let trailer):
            summary.sequence = trailer.sequence
            summary.openedAtSeconds = header.openedAtSeconds
            guard let footer = scanner.footer(of: stripe) else {
                summary.verdict = .damaged
                return summary
            }
            summary.verdict = .intact
            for entry in footer.entries {
                if entry.isTombstone { summary.tombstones += 1 } else { summary.records += 1 }
                summary.recordBytes += Int(entry.units) * superblock.recordAlignment
            }
            summary.usedBytes =
                StripeHeader.byteCount.roundedUp(to: superblock.recordAlignment) + summary.recordBytes
                + StripeFooter.byteCount(entries: footer.entries.count)
        }
        return summary
    }
}
