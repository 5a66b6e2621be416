// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads a stripe's header and footer on the calling thread: for start, inspection and verification.
struct StripeScanner {
    let superblock: Superblock
    let device: any BlockDevice

    enum Verdict {
        /// Never written in this life of the volume, or given up.
        case blank
        /// Header and footer do not agree, or cannot be read.
        case damaged
        case intact(StripeHeader, StripeFooter.Trailer)
    }

    /// Attempts to read a stripe before it is given up: what is damaged on its way here may be whole the next time.
    private static let attempts = 4

    func scan(_ stripe: Int) -> Verdict {
        for _ in 1..<Self.attempts {
            switch scanOnce(stripe) {
            case .damaged: continue
            case let verdict: return verdict
            }
        }
        return scanOnce(stripe)
    }

    private func scanOnce(_ stripe: Int) -> Verdict {
        let start = superblock.offset(of: stripe)
        let page = PageBuffer(byteCount: Limits.pageBytes)
        guard read(at: start, into: page) else { return .damaged }
        let header = StripeHeader(decoding: UnsafeRawBufferPointer(page.region))
        let isZero = page.region.allSatisfy { $0 == 0 }
        guard read(at: start + superblock.stripeBytes - Limits.pageBytes, into: page) else { return .damaged }
        let trailer = StripeFooter.Trailer(decodingEndOf: UnsafeRawBufferPointer(page.region), stripeBytes: superblock.stripeBytes)
        let mineAtTop = header.map { $0.volumeID == superblock.volumeID } ?? false
        let mineAtEnd = trailer.map { $0.volumeID == superblock.volumeID } ?? false
        if isZero { return .blank }
        // What is neither ours nor anybody's may have been damaged on its way here.
        guard mineAtTop || mineAtEnd else { return header != nil || trailer != nil ? .blank : .damaged }
        guard mineAtTop, mineAtEnd, let header, let trailer, header.sequence == trailer.sequence, header.stripe == UInt32(stripe),
            trailer.stripe == UInt32(stripe)
        else { return .damaged }
        return .intact(header, trailer)
    }

    /// The checked directory of a stripe.
    func footer(of stripe: Int) -> StripeFooter? {
        for _ in 0..<Self.attempts {
            if let footer = footerOnce(stripe) { return footer }
        }
        return nil
    }

    /// Sees to it that a stripe that could not be read is never read again: what it held may be older, by then, than what has been written.
    /// - Throws: What the device says.
    func void(_ stripe: Int) throws(DeviceError) {
        let page = PageBuffer(byteCount: Limits.pageBytes)
        page.region.zero()
        try device.write(at: superblock.offset(of: stripe), from: UnsafeRawBufferPointer(page.region))
    }

    private func footerOnce(_ stripe: Int) -> StripeFooter? {
        let end = superblock.offset(of: stripe) + superblock.stripeBytes
        var page = PageBuffer(byteCount: Limits.pageBytes)
        guard read(at: end - Limits.pageBytes, into: page),
            let trailer = StripeFooter.Trailer(decodingEndOf: UnsafeRawBufferPointer(page.region), stripeBytes: superblock.stripeBytes),
            trailer.volumeID == superblock.volumeID, trailer.stripe == UInt32(stripe)
        else { return nil }
        if trailer.footerBytes > Limits.pageBytes {
            page = PageBuffer(byteCount: trailer.footerBytes.roundedUp(to: Limits.pageBytes))
            guard read(at: end - page.region.count, into: page) else { return nil }
        }
        return StripeFooter(
            trailer: trailer,
            tail: UnsafeRawBufferPointer(page.region),
            unitsPerStripe: superblock.stripeBytes / superblock.recordAlignment
        )
    }

    private func read(at offset: Int, into page: PageBuffer) -> Bool {
        do throws(DeviceError) {
            try device.read(at: offset, into: page.region)
            return true
        } catch {
            return false
        }
    }
}
