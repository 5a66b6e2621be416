// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// All stripes at once, for starts that know nothing.
extension StripeScanner {
    private static let stripesAtOnce = 1024

    /// The verdict on every stripe, in order. Costs one read of two pages each: the last page of a stripe and the first of the next lie side by side.
    /// What cannot be read so is tried again alone.
    func scanAll(_ visit: (Int, Verdict) throws(DeviceError) -> Void) throws(DeviceError) {
        let page = Limits.pageBytes
        let buffer = PageBuffer(byteCount: 2 * page * (min(Self.stripesAtOnce, superblock.stripeCount) + 1))
        for first in stride(from: 0, to: superblock.stripeCount, by: Self.stripesAtOnce) {
            let end = min(first + Self.stripesAtOnce, superblock.stripeCount)
            var batch = ReadBatch()
            for border in first...end {
                let isLast = border == superblock.stripeCount
                let region = buffer.region.part((border - first) * 2 * page, isLast ? page : 2 * page)
                batch.add(superblock.offset(of: border) - page, into: region)
            }
            let isRead = batch.run(on: device)
            let bytes = UnsafeRawBufferPointer(buffer.region)
            for stripe in first..<end {
                let border = stripe - first
                guard isRead[border], isRead[border + 1] else {
                    try visit(stripe, scan(stripe))
                    continue
                }
                let verdict = verdict(
                    on: stripe,
                    first: bytes.part((2 * border + 1) * page, page),
                    last: bytes.part((2 * border + 2) * page, page)
                )
                if case .damaged = verdict { try visit(stripe, scan(stripe)) } else { try visit(stripe, verdict) }
            }
        }
    }

    /// The checked directories of stripes, in the order asked for; nil where there is none to trust. Costs one read each, and one more where a directory is
    /// longer than a page.
    func footers(of stripes: [Int], _ visit: (Int, StripeFooter?) throws(DeviceError) -> Void) throws(DeviceError) {
        let page = Limits.pageBytes
        let buffer = PageBuffer(byteCount: page * min(Self.stripesAtOnce, max(1, stripes.count)))
        for first in stride(from: 0, to: stripes.count, by: Self.stripesAtOnce) {
            let part = stripes[first..<min(first + Self.stripesAtOnce, stripes.count)]
            var batch = ReadBatch()
            for (number, stripe) in part.enumerated() {
                batch.add(superblock.offset(of: stripe) + superblock.stripeBytes - page, into: buffer.region.part(number * page, page))
            }
            let isRead = batch.run(on: device)
            for (number, stripe) in part.enumerated() {
                let tail = UnsafeRawBufferPointer(buffer.region).part(number * page, page)
                try visit(stripe, (isRead[number] ? footer(of: stripe, lastPage: tail) : nil) ?? footer(of: stripe))
            }
        }
    }
}
