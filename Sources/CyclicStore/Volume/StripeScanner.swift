// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads a stripe's header and footer on the calling thread: for start, inspection and verification.
struct StripeScanner {
    let superblock: Superblock
    let device: any BlockDevice

    enum Verdict {
        /// Never written in this life of the volume.
        case blank
        /// Header and footer do not agree, or cannot be read.
        case damaged
        case intact(StripeHeader, StripeFooter.Trailer)
    }

    func scan(_ stripe: Int) -> Verdict {
        let start = superblock.offset(of: stripe)
        let page = PageBuffer(byteCount: Limits.pageBytes)
        guard read(at: start, into: page) else { return .damaged }
        let header = StripeHeader(decoding: UnsafeRawBufferPointer(page.region))
        guard read(at: start + superblock.stripeBytes - Limits.pageBytes, into: page) else { return .damaged }
        let trailer = StripeFooter.Trailer(decodingEndOf: UnsafeRawBufferPointer(page.region), stripeBytes: superblock.stripeBytes)
        let mineAtTop = header.map { $0.volumeID == superblock.volumeID } ?? false
        let mineAtEnd = trailer.map { $0.volumeID == superblock.volumeID } ?? false
        guard mineAtTop || mineAtEnd else { return .blank }
        guard mineAtTop, mineAtEnd, let header, let trailer, header.sequence == trailer.sequence, header.stripe == UInt32(stripe),
            trailer.stripe == UInt32(stripe)
        else { return .damaged }
        return .intact(header, trailer)
    }

    /// The checked directory of a stripe.
    func footer(of stripe: Int) -> StripeFooter? {
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
