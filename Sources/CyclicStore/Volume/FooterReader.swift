// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads the directory of one stripe: the stripe's last page first, more when the directory is longer.
struct FooterReader: Sendable {
    let superblock: Superblock
    let device: any BlockDevice
    let engine: any IOEngine

    /// Calls back with the footer, or nil when it cannot be read or its checks fail.
    func read(stripe: Int, _ completion: @escaping @Sendable (StripeFooter?) -> Void) {
        readTail(stripe, byteCount: Limits.pageBytes, completion)
    }

    private func readTail(_ stripe: Int, byteCount: Int, _ completion: @escaping @Sendable (StripeFooter?) -> Void) {
        let tail = PageBuffer(byteCount: byteCount)
        let end = superblock.offset(of: stripe) + superblock.stripeBytes
        let taken = engine.submit(
            IOOperation(kind: .read, device: device, offset: end - byteCount, region: tail.region) { error in
                guard error == nil else { return completion(nil) }
                let bytes = UnsafeRawBufferPointer(tail.region)
                guard let trailer = StripeFooter.Trailer(decodingEndOf: bytes, stripeBytes: superblock.stripeBytes),
                    trailer.volumeID == superblock.volumeID, trailer.stripe == UInt32(stripe)
                else { return completion(nil) }
                if trailer.footerBytes > byteCount {
                    guard byteCount == Limits.pageBytes else { return completion(nil) }
                    return readTail(stripe, byteCount: trailer.footerBytes.roundedUp(to: Limits.pageBytes), completion)
                }
                completion(
                    StripeFooter(
                        trailer: trailer,
                        tail: bytes,
                        unitsPerStripe: superblock.stripeBytes / superblock.recordAlignment
                    )
                )
            }
        )
        if !taken { completion(nil) }
    }
}
