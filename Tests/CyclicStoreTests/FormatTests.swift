// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct FormatTests {
    private let superblock = Superblock(
        volumeID: VolumeID(word0: 1, word1: 2),
        secret: HashSecret(word0: 3, word1: 4),
        stripeBytes: 1 << 20,
        stripeCount: 64,
        dataOffset: 3 << 20,
        recordAlignment: 64,
        createdAtSeconds: 1_700_000_000,
        regions: VolumeRegions(volumeBytes: 66 << 20, stripeBytes: 1 << 20)
    )

    @Test func `CRC-32C has its published check value`() {
        #expect(Array("123456789".utf8).withUnsafeBytes { Checksum.of($0) } == 0xE306_9283)
    }

    @Test func `a checksum of parts is the checksum of the whole`() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 131) }
        for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
            var sum = Checksum()
            bytes.withUnsafeBytes {
                sum.add($0.part(0, cut)); sum.add($0.part(cut, 1000 - cut))
            }
            #expect(sum.value == bytes.withUnsafeBytes { Checksum.of($0) })
        }
    }

    /// The processor's instruction takes long runs three at a time; whole lengths of those and all that is left over must agree with the
    /// definition, bit by bit.
    @Test func `a checksum of any length is that of its definition`() {
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 7) }
        var lengths = Array(0..<40)
        for run in [768, 6144] { for whole in 1...3 { lengths += [-9, -1, 0, 1, 9].map { run * whole + $0 } } }
        var crc = UInt32.max
        for (position, byte) in bytes.enumerated() {
            if lengths.contains(position) {
                #expect(bytes.withUnsafeBytes { Checksum.of($0.part(0, position)) } == ~crc, "length \(position)")
            }
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
    }

    @Test func `a superblock reads back`() throws {
        let page = PageBuffer(byteCount: Superblock.byteCount)
        superblock.encode(into: page.region)
        #expect(try Superblock(decoding: UnsafeRawBufferPointer(page.region)) == superblock)
    }

    @Test func `a superblock with any bit changed is refused`() {
        let page = PageBuffer(byteCount: Superblock.byteCount)
        for bit in stride(from: 0, to: 144 * 8, by: 3) {
            superblock.encode(into: page.region)
            page.region[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: Superblock.Refusal.self) { try Superblock(decoding: UnsafeRawBufferPointer(page.region)) }
        }
    }

    @Test(arguments: [64 * 1024, 256 * 1024, 1 << 20, 16 << 20]) func `a volume of any size has sound regions and wastes little`(
        stripeBytes: Int
    ) throws {
        func block(_ volumeBytes: Int) -> Superblock? {
            Superblock.formatting(
                volumeBytes: volumeBytes,
                stripeBytes: stripeBytes,
                secret: superblock.secret,
                id: superblock.volumeID,
                nowSeconds: 1
            )
        }
        #expect(block(Superblock.minVolumeBytes(stripeBytes: stripeBytes) - 1) == nil)
        var sizes = (6..<40).map { $0 * stripeBytes } + stride(from: 50, to: 600, by: 37).map { $0 * stripeBytes }
        sizes += [1 << 30, 10 << 30, 1 << 40, (1 << 40) + 4096, 16 << 40].filter { $0 > 64 * stripeBytes }
        for volumeBytes in sizes {
            let made = try #require(block(volumeBytes), "\(volumeBytes)")
            let page = PageBuffer(byteCount: Superblock.byteCount)
            made.encode(into: page.region)
            #expect(try Superblock(decoding: UnsafeRawBufferPointer(page.region)) == made)
            #expect(made.volumeBytes <= volumeBytes && made.volumeBytes + stripeBytes > volumeBytes)
            #expect(made.regions.journal.byteCount >= 8192 && made.regions.statistics.byteCount == 8192)
            if volumeBytes >= 1 << 30 {
                // Directories take a page of each stripe in any case, which is much of a small one.
                let log = volumeBytes / stripeBytes * FooterLogPage.byteCount(stripeBytes: stripeBytes)
                #expect((made.dataOffset - log) * 100 < volumeBytes + 300 * stripeBytes, "no more than 1 % goes to the other regions")
            }
        }
        for stripes in [4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 64, 65, 100, 128, 300] {
            let made = try #require(block(Superblock.volumeBytes(stripes: stripes, stripeBytes: stripeBytes)))
            #expect(made.stripeCount == stripes && !made.regions.snapshot.isEmpty && !made.regions.footerLog.isEmpty)
        }
    }

    @Test func `regions that overlap or leave their place are refused`() {
        let page = PageBuffer(byteCount: Superblock.byteCount)
        func isRefused(_ change: (inout VolumeRegions) -> Void) -> Bool {
            var changed = superblock
            change(&changed.regions)
            changed.encode(into: page.region)
            do { _ = try Superblock(decoding: UnsafeRawBufferPointer(page.region)) } catch { return error == .geometry }
            return false
        }
        #expect(!isRefused { _ in })
        #expect(!isRefused { $0.footerLog = .none })
        #expect(isRefused { $0.journal.offset -= 4096 })
        #expect(isRefused { $0.journal.offset += 1 })
        #expect(isRefused { $0.statistics.offset -= 4096 })
        #expect(isRefused { $0.statistics.byteCount += 8192 })
        #expect(isRefused { $0.snapshot.offset = superblock.dataOffset })
        #expect(isRefused { $0.snapshot.byteCount = 4096 })
        #expect(isRefused { $0.snapshot.byteCount = -8192 })
        #expect(isRefused { $0.snapshot.byteCount = 1 << 62 })
    }

    @Test func `a stripe header and footer read back, and not when changed`() {
        let page = PageBuffer(byteCount: 65536)
        let header = StripeHeader(volumeID: superblock.volumeID, sequence: 7, stripe: 3, openedAtSeconds: 9)
        header.encode(into: page.region)
        #expect(StripeHeader(decoding: UnsafeRawBufferPointer(page.region)) == header)
        var entries: [DirectoryEntry] = []
        for number in 1...50 {
            let kind = number % 7 == 0 ? RecordKind.fragment : .object
            let hash = KeyHash(high: UInt64(number), low: 5)
            entries.append(DirectoryEntry(hash: hash, serial: UInt64(number * 3), unitInStripe: UInt16(number), units: 1, kind: kind))
        }
        let footer = StripeFooter(volumeID: superblock.volumeID, sequence: 7, stripe: 3, entries: entries)
        footer.encode(into: page.region)
        let bytes = UnsafeRawBufferPointer(page.region)
        let trailer = StripeFooter.Trailer(decodingEndOf: bytes, stripeBytes: 65536)
        #expect(trailer.flatMap { StripeFooter(trailer: $0, tail: bytes, unitsPerStripe: 1024) } == footer)
        for offset in (65536 - footerBytes(50))..<65536 {
            page.region[offset] ^= 0x10
            let trailer = StripeFooter.Trailer(decodingEndOf: bytes, stripeBytes: 65536)
            #expect(trailer.flatMap { StripeFooter(trailer: $0, tail: bytes, unitsPerStripe: 1024) } == nil, "byte \(offset)")
            page.region[offset] ^= 0x10
        }
    }

    private func footerBytes(_ entries: Int) -> Int { StripeFooter.byteCount(entries: entries) }

    @Test func `a record with any byte changed is not that record`() throws {
        let page = PageBuffer(byteCount: 4096)
        page.region.zero()
        let header = RecordHeader(
            kind: .object,
            hash: KeyHash(high: 1, low: 2),
            sequence: 3,
            serial: 4,
            keyBytes: 5,
            metadataBytes: 6,
            payloadBytes: 70,
            storedAtSeconds: 8
        )
        header.encode(into: page.region)
        for index in RecordHeader.byteCount..<header.totalBytes { page.region[index] = UInt8(index & 255) }
        RecordHeader.setChecksum(of: page.region.part(0, header.totalBytes))
        let bytes = UnsafeRawBufferPointer(page.region)
        #expect(try RecordHeader(checking: bytes, sequence: 3, hash: header.hash) == header)
        for index in 0..<header.totalBytes {
            page.region[index] ^= 1
            #expect(throws: RecordHeader.Refusal.self, "byte \(index)") {
                try RecordHeader(checking: bytes, sequence: 3, hash: header.hash)
            }
            page.region[index] ^= 1
        }
    }

    @Test func `a size class is never too small and at most a quarter too large`() {
        for units in 1...RecordAddress.maxUnitsPerStripe {
            let held = SizeClass(holding: units).units
            #expect(held >= units && held * 4 <= units * 5 + 3 && SizeClass(holding: units).rawValue < 64)
        }
    }
}
