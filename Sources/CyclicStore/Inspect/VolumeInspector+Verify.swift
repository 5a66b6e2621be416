// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension VolumeInspector {
    /// Reads all of a volume and checks every checksum: superblocks, stripes, records, purge journal, marks, footer log and snapshot. Changes
    /// nothing. A stripe that a running store is writing may show as damaged: it is looked at again at the end.
    ///
    /// Cost: one read of the whole volume, a stripe at a time; memory for one stripe.
    /// - Parameter progress: Called after each stripe.
    package func verify(_ progress: (VolumeProgress) -> Void = { _ in }) -> VolumeVerification {
        var pass = VerificationPass(superblock: superblock, device: device, summary: summary)
        var doubtful: [Int] = []
        for stripe in 0..<superblock.stripeCount {
            if !pass.check(stripe) { doubtful.append(stripe) }
            progress(VolumeProgress(done: stripe + 1, total: superblock.stripeCount, bytesRead: pass.result.bytesRead))
        }
        for stripe in doubtful where !pass.check(stripe) { pass.result.damagedStripes.append(stripe) }
        pass.checkRegions()
        return pass.result
    }
}

/// One reading of a volume from end to end.
private struct VerificationPass {
    let superblock: Superblock
    let device: any BlockDevice
    var result: VolumeVerification
    private let whole: PageBuffer

    init(superblock: Superblock, device: any BlockDevice, summary: VolumeSummary) {
        self.superblock = superblock
        self.device = device
        result = VolumeVerification(volume: summary)
        whole = PageBuffer(byteCount: superblock.stripeBytes)
    }

    /// False: the stripe is damaged as a whole, and nothing of it has been counted.
    mutating func check(_ stripe: Int) -> Bool {
        let scanner = StripeScanner(superblock: superblock, device: device)
        switch scanner.scan(stripe) {
        case .blank:
            result.blankStripes += 1
            result.bytesRead += 2 * Limits.pageBytes
            return true
        case .damaged: return false
        case .intact(_, let trailer):
            guard let footer = scanner.footer(of: stripe), footer.sequence == trailer.sequence,
                read(whole, at: superblock.offset(of: stripe))
            else { return false }
            result.intactStripes += 1
            for entry in footer.entries { check(entry, of: footer) }
            checkLog(footer)
            return true
        }
    }

    private mutating func check(_ entry: DirectoryEntry, of footer: StripeFooter) {
        if entry.isTombstone {
            result.tombstones += 1
            return
        }
        let offset = Int(entry.unitInStripe) * superblock.recordAlignment
        let length = Int(entry.units) * superblock.recordAlignment
        do throws(RecordHeader.Refusal) {
            _ = try entry.header(checking: UnsafeRawBufferPointer(whole.region).part(offset, length), sequence: footer.sequence)
            result.records += 1
            result.recordBytes += length
        } catch {
            result.damagedRecordCount += 1
            guard result.damagedRecords.count < VolumeVerification.listLimit else { return }
            result.damagedRecords.append(
                VolumeVerification.DamagedRecord(
                    stripe: Int(footer.stripe),
                    offset: offset,
                    length: length,
                    verdict: RecordVerdict(error)
                )
            )
        }
    }

    private mutating func checkLog(_ footer: StripeFooter) {
        guard superblock.regions.haveRestartLog else { return }
        let page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
        let stripe = Int(footer.stripe)
        guard read(page, at: FooterLogPage.offset(of: stripe, superblock)),
            let logged = FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: stripe, superblock),
            logged.sequence == footer.sequence
        else {
            result.unloggedStripes += 1
            return
        }
        result.loggedStripes += 1
    }

    // MARK: Beside the stripes

    mutating func checkRegions() {
        let regions = superblock.regions
        if !regions.journal.isEmpty {
            do throws(DeviceError) {
                let contents = try JournalReader(device: device, region: regions.journal, volume: superblock.volumeID).read()
                result.journal = contents.isDamaged ? .damaged : contents.records.isEmpty ? .absent : .intact
            } catch { result.journal = .damaged }
            result.bytesRead += regions.journal.byteCount
        }
        guard regions.haveRestartLog else { return }
        result.marks = TurnMark.newest(of: superblock, on: device) == nil ? .damaged : .intact
        if let header = SnapshotHeader.newest(of: superblock, on: device) { result.snapshot = check(header) }
    }

    private mutating func check(_ header: SnapshotHeader) -> VolumeVerification.PartVerdict {
        let slot = SnapshotHeader.slot(header.generation, in: superblock.regions.snapshot)
        var offset = slot.offset + Limits.pageBytes
        let chunk = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
        for number in 0..<header.chunkCount {
            let length = max(0, min(SnapshotHeader.chunkBytes, slot.end - offset))
            guard read(chunk, length: length, at: offset),
                let content = SnapshotChunk.content(
                    of: UnsafeRawBufferPointer(chunk.region).part(0, length),
                    number: number,
                    generation: header.generation,
                    volumeID: superblock.volumeID
                )
            else { return .damaged }
            offset += SnapshotChunk.length(used: content.count)
        }
        return .intact
    }

    private mutating func read(_ buffer: PageBuffer, length: Int? = nil, at offset: Int) -> Bool {
        let region = buffer.region.part(0, length ?? buffer.region.count)
        result.bytesRead += region.count
        do throws(DeviceError) { try device.read(at: offset, into: region) } catch { return false }
        return true
    }
}
