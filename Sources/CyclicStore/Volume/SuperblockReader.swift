// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Finds the superblock of a device, or says what is there instead. Writes nothing.
struct SuperblockReader {
    let device: any BlockDevice

    /// What is at the places where a superblock would be.
    enum Found {
        case volume(Copies)
        /// Nothing but zeros where any known kind of content begins or ends: may be formatted.
        case blank
        case refused(Superblock.Refusal)
    }

    /// A superblock, and which of its two copies are whole.
    struct Copies {
        var superblock: Superblock
        var firstIsIntact: Bool
        var secondIsIntact: Bool
    }

    /// Bytes looked at, at each end, before a device counts as blank: file systems, partition tables and disk images begin within them.
    static let blankProbeBytes = 1 << 20
    /// Bytes that may differ between the copies, zeros aside, for a first copy without its magic still to count as damaged. More, and
    /// somebody else has written there: then the volume is refused and left alone, though its second copy may be whole.
    static let maxStrangeBytes = 8

    func read() throws(DeviceError) -> Found {
        guard device.byteCount >= Superblock.byteCount else { return try isBlank() ? .blank : .refused(.notAVolume) }
        let first = PageBuffer(byteCount: Superblock.byteCount)
        var refusal = Superblock.Refusal.notAVolume
        var firstError: DeviceError?
        do throws(DeviceError) { try device.read(at: 0, into: first.region) } catch { firstError = error }
        if firstError == nil {
            do throws(Superblock.Refusal) {
                let superblock = try Superblock(decoding: UnsafeRawBufferPointer(first.region))
                return .volume(
                    Copies(
                        superblock: superblock,
                        firstIsIntact: true,
                        secondIsIntact: secondCopy(at: superblock.secondCopyOffset) == superblock
                    )
                )
            } catch { refusal = error }
            if case .version = refusal { return .refused(refusal) }
        }
        // The second copy lies where the geometry says, so each legal stripe size is tried.
        for offset in candidateOffsets {
            guard let superblock = secondCopy(at: offset), superblock.secondCopyOffset == offset else { continue }
            if firstError == nil, refusal == .notAVolume, !isDamagedCopy(first, of: superblock) { return .refused(.notAVolume) }
            return .volume(Copies(superblock: superblock, firstIsIntact: false, secondIsIntact: true))
        }
        if let firstError { throw firstError }
        return try isBlank() ? .blank : .refused(refusal)
    }

    private var candidateOffsets: [Int] {
        var offsets: [Int] = []
        var stripeBytes = Limits.minStripeBytes
        while stripeBytes <= Limits.maxStripeBytes, stripeBytes <= device.byteCount {
            offsets.append(stripeBytes - Superblock.byteCount)
            stripeBytes *= 2
        }
        return offsets
    }

    private func secondCopy(at offset: Int) -> Superblock? {
        let page = PageBuffer(byteCount: Superblock.byteCount)
        do throws(DeviceError) { try device.read(at: offset, into: page.region) } catch { return nil }
        do throws(Superblock.Refusal) {
            return try Superblock(decoding: UnsafeRawBufferPointer(page.region))
        } catch { return nil }
    }

    /// Whether a page without our magic may have been the first copy: never written, torn while it was, or with a few bytes changed.
    private func isDamagedCopy(_ page: PageBuffer, of superblock: Superblock) -> Bool {
        let expected = PageBuffer(byteCount: Superblock.byteCount)
        superblock.encode(into: expected.region)
        return zip(page.region, expected.region).count(where: { $0 != 0 && $0 != $1 }) <= Self.maxStrangeBytes
    }

    private func isBlank() throws(DeviceError) -> Bool {
        let probe = min(device.byteCount, Self.blankProbeBytes).roundedDown(to: device.alignment)
        let buffer = PageBuffer(byteCount: max(1, probe))
        let region = buffer.region.part(0, probe)
        try device.read(at: 0, into: region)
        forgiveTornCopy(in: region, from: 0)
        guard region.allSatisfy({ $0 == 0 }) else { return false }
        let tail = (device.byteCount - probe).roundedDown(to: device.alignment)
        try device.read(at: tail, into: region)
        // On a small device the last bytes are the first ones, too.
        forgiveTornCopy(in: region, from: tail)
        return region.allSatisfy { $0 == 0 }
    }

    /// A crash while formatting may have torn the second copy, which is written first. It does not make the device somebody else's.
    private func forgiveTornCopy(in region: UnsafeMutableRawBufferPointer, from start: Int) {
        for offset in candidateOffsets where offset >= start && offset + Superblock.byteCount <= start + region.count {
            region.part(offset - start, Superblock.byteCount).zero()
        }
    }
}
