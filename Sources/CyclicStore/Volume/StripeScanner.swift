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
        let (first, last) = (PageBuffer(byteCount: Limits.pageBytes), PageBuffer(byteCount: Limits.pageBytes))
        guard read(at: start, into: first), read(at: start + superblock.stripeBytes - Limits.pageBytes, into: last) else { return .damaged }
        return verdict(on: stripe, first: UnsafeRawBufferPointer(first.region), last: UnsafeRawBufferPointer(last.region))
    }

    /// - Parameters:
    ///   - first: The first page of the stripe.
    ///   - last: The last page of the stripe.
    func verdict(on stripe: Int, first: UnsafeRawBufferPointer, last: UnsafeRawBufferPointer) -> Verdict {
        let header = StripeHeader(decoding: first)
        let isZero = first.loadUnaligned(as: UInt64.self) == 0 && first.allSatisfy { $0 == 0 }
        let trailer = StripeFooter.Trailer(decodingEndOf: last, stripeBytes: superblock.stripeBytes)
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
        let page = PageBuffer(byteCount: Limits.pageBytes)
        guard read(at: superblock.offset(of: stripe) + superblock.stripeBytes - Limits.pageBytes, into: page) else { return nil }
        return footer(of: stripe, lastPage: UnsafeRawBufferPointer(page.region))
    }

    /// The directory that ends in the stripe's last page; nil when it is not whole.
    func footer(of stripe: Int, lastPage: UnsafeRawBufferPointer) -> StripeFooter? {
        guard let trailer = StripeFooter.Trailer(decodingEndOf: lastPage, stripeBytes: superblock.stripeBytes),
            trailer.volumeID == superblock.volumeID, trailer.stripe == UInt32(stripe)
        else { return nil }
        let unitsPerStripe = superblock.stripeBytes / superblock.recordAlignment
        guard trailer.footerBytes > Limits.pageBytes else {
            return StripeFooter(trailer: trailer, tail: lastPage, unitsPerStripe: unitsPerStripe)
        }
        let whole = PageBuffer(byteCount: trailer.footerBytes.roundedUp(to: Limits.pageBytes))
        let end = superblock.offset(of: stripe) + superblock.stripeBytes
        guard read(at: end - whole.region.count, into: whole) else { return nil }
        return StripeFooter(trailer: trailer, tail: UnsafeRawBufferPointer(whole.region), unitsPerStripe: unitsPerStripe)
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
