// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads the directory of one stripe: the stripe's last page first, more when the directory is longer.
struct FooterReader: Sendable {
    let superblock: Superblock
    let device: any BlockDevice
    let engine: any IOEngine

    enum Outcome: Sendable {
        case footer(StripeFooter)
        /// The device refused, or a check failed.
        case unreadable
        /// The engine has no room; nothing was learnt.
        case busy
    }

    /// Calls back exactly once, at once when the engine is busy.
    func read(stripe: Int, _ completion: @escaping @Sendable (Outcome) -> Void) {
        readTail(stripe, byteCount: Limits.pageBytes, completion)
    }

    /// The directory of a stripe that stayed, as the footer log has it: with the uses of its records until the head passed over it last. Where the
    /// log does not have that, from the stripe.
    func readStayed(stripe: Int, sequence: UInt64, _ completion: @escaping @Sendable (Outcome) -> Void) {
        let page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
        let offset = FooterLogPage.offset(of: stripe, superblock)
        let taken = engine.submit(
            IOOperation(kind: .read, device: device, offset: offset, region: page.region) { error in
                guard error == nil,
                    let logged = FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: stripe, superblock),
                    logged.sequence == sequence, logged.hasUsesSincePass, let entries = logged.entries
                else { return read(stripe: stripe, completion) }
                let footer = StripeFooter(
                    volumeID: superblock.volumeID,
                    sequence: sequence,
                    stripe: UInt32(stripe),
                    entries: entries,
                    hasUsesSincePass: true
                )
                completion(.footer(footer))
            }
        )
        if !taken { completion(.busy) }
    }

    private func readTail(_ stripe: Int, byteCount: Int, _ completion: @escaping @Sendable (Outcome) -> Void) {
        let tail = PageBuffer(byteCount: byteCount)
        let end = superblock.offset(of: stripe) + superblock.stripeBytes
        let taken = engine.submit(
            IOOperation(kind: .read, device: device, offset: end - byteCount, region: tail.region) { error in
                guard error == nil else { return completion(.unreadable) }
                let bytes = UnsafeRawBufferPointer(tail.region)
                guard let trailer = StripeFooter.Trailer(decodingEndOf: bytes, stripeBytes: superblock.stripeBytes),
                    trailer.volumeID == superblock.volumeID, trailer.stripe == UInt32(stripe)
                else { return completion(.unreadable) }
                if trailer.footerBytes > byteCount {
                    guard byteCount == Limits.pageBytes else { return completion(.unreadable) }
                    return readTail(stripe, byteCount: trailer.footerBytes.roundedUp(to: Limits.pageBytes), completion)
                }
                let units = superblock.stripeBytes / superblock.recordAlignment
                completion(StripeFooter(trailer: trailer, tail: bytes, unitsPerStripe: units).map(Outcome.footer) ?? .unreadable)
            }
        )
        if !taken { completion(.busy) }
    }
}
