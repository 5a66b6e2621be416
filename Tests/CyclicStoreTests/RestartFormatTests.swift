// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// What is written for the next start, byte by byte: what was written is read again, and with any bit flipped it is refused.
@Suite struct RestartFormatTests {
    private static let superblock = Superblock.formatting(
        volumeBytes: Superblock.volumeBytes(stripes: 64, stripeBytes: 64 * 1024),
        stripeBytes: 64 * 1024,
        secret: HashSecret(word0: 1, word1: 2),
        id: VolumeID(word0: 3, word1: 4),
        nowSeconds: 5
    )

    private func superblock() throws -> Superblock { try #require(Self.superblock) }

    /// Flips each bit of the first bytes in turn.
    private func flipping(_ page: PageBuffer, bytes: Int, _ check: (Int) -> Void) {
        for offset in 0..<bytes {
            let byte = page.region.part(offset, 1)
            for bit in 0..<8 as Range<UInt8> {
                byte[0] ^= 1 << bit
                check(offset)
                byte[0] ^= 1 << bit
            }
        }
    }

    @Test func `a mark is read as it was written and refused with any bit flipped`() throws {
        let id = try superblock().volumeID
        let mark = TurnMark(
            generation: 9,
            low: 100,
            head: 120,
            high: 140,
            nextSequence: 77,
            lowSequence: 60,
            nextSerial: 4242,
            closedSnapshot: 3
        )
        let page = PageBuffer(byteCount: Limits.pageBytes)
        mark.encode(into: page.region, volumeID: id)
        #expect(TurnMark(decoding: UnsafeRawBufferPointer(page.region), volumeID: id) == mark)
        #expect(TurnMark(decoding: UnsafeRawBufferPointer(page.region), volumeID: VolumeID(word0: 3, word1: 5)) == nil)
        flipping(page, bytes: 100) { offset in
            #expect(TurnMark(decoding: UnsafeRawBufferPointer(page.region), volumeID: id) == nil, "byte \(offset)")
        }
    }

    @Test(arguments: [(100, 90, 140, 77, 60), (90, 140, 120, 77, 60), (90, 100, 120, 60, 77), (90, 100, 120, UInt64(1) << 63, 1)])
    func `a mark that contradicts itself is refused`(low: UInt64, head: UInt64, high: UInt64, next: UInt64, lowSequence: UInt64) throws {
        let id = try superblock().volumeID
        let mark = TurnMark(
            generation: 2,
            low: low,
            head: head,
            high: high,
            nextSequence: next,
            lowSequence: lowSequence,
            nextSerial: 1,
            closedSnapshot: 0
        )
        let page = PageBuffer(byteCount: Limits.pageBytes)
        mark.encode(into: page.region, volumeID: id)
        #expect(TurnMark(decoding: UnsafeRawBufferPointer(page.region), volumeID: id) == nil)
    }

    @Test func `the newer of two marks counts, and when it is damaged the older`() throws {
        let superblock = try superblock()
        let device = SimulatedDevice(byteCount: superblock.volumeBytes, seed: 1)
        #expect(TurnMark.newest(of: superblock, on: device) == nil)
        for generation in 5...6 as ClosedRange<UInt64> {
            var mark = TurnMark.initial(stripeCount: 64)
            mark.generation = generation
            let page = PageBuffer(byteCount: Limits.pageBytes)
            mark.encode(into: page.region, volumeID: superblock.volumeID)
            try device.write(
                at: TurnMark.offset(of: generation, in: superblock.regions.marks),
                from: UnsafeRawBufferPointer(page.region)
            )
        }
        #expect(TurnMark.newest(of: superblock, on: device)?.generation == 6)
        device.corrupt(at: TurnMark.offset(of: 6, in: superblock.regions.marks) + 33)
        #expect(TurnMark.newest(of: superblock, on: device)?.generation == 5)
    }

    private static func entry(_ number: UInt64) -> DirectoryEntry {
        DirectoryEntry(
            hash: KeyHash(high: number, low: ~number),
            serial: number * 7,
            unitInStripe: UInt16(number),
            units: 3,
            kind: number % 5 == 0 ? .tombstone : .object,
            priorUses: UseClass(uses: Int(number % 4))
        )
    }

    @Test(arguments: [0, 1, 40, 84, 85, 400])
    func `a page of the footer log holds a directory, or says that it is too long`(count: Int) throws {
        let superblock = try superblock()
        let entries = (0..<count).map { Self.entry(UInt64($0)) }
        let page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
        FooterLogPage.encode(entries, stripe: 7, sequence: 99, isHot: true, volumeID: superblock.volumeID, into: page.region)
        let fits = FooterLogPage.headerBytes + count * DirectoryEntry.byteCount <= page.region.count
        let decoded = try #require(FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: 7, superblock))
        #expect(decoded.sequence == 99 && decoded.stripe == 7 && decoded.isHot)
        #expect(decoded.entries == (fits ? entries : nil))
        #expect(FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: 8, superblock) == nil, "of another stripe")
        let used = FooterLogPage.headerBytes + (fits ? count * DirectoryEntry.byteCount : 0)
        flipping(page, bytes: min(used, 400)) { offset in
            // Bytes 44 to 59 of the header are kept for later and covered like the rest.
            #expect(FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: 7, superblock) == nil, "byte \(offset)")
        }
    }

    @Test func `a snapshot's header and chunks are refused with any bit flipped`() throws {
        let superblock = try superblock()
        var header = SnapshotHeader(
            generation: 4,
            lowSequence: 50,
            low: 64,
            head: 90,
            nextSequence: 91,
            nextSerial: 1000,
            shardCount: 16
        )
        header.entryCount = 12
        header.chunkCount = 3
        header.stripeChunkCount = 1
        let page = PageBuffer(byteCount: Limits.pageBytes)
        header.encode(into: page.region, volumeID: superblock.volumeID)
        #expect(SnapshotHeader(decoding: UnsafeRawBufferPointer(page.region), volumeID: superblock.volumeID) == header)
        flipping(page, bytes: 24 + SnapshotHeader.fieldCount * 8) { offset in
            let decoded = SnapshotHeader(decoding: UnsafeRawBufferPointer(page.region), volumeID: superblock.volumeID)
            #expect(decoded == nil, "byte \(offset)")
        }

        let chunk = PageBuffer(byteCount: Limits.pageBytes)
        let used = 300
        for offset in 0..<used { chunk.region[SnapshotChunk.headerBytes + offset] = UInt8(truncatingIfNeeded: offset * 31) }
        SnapshotChunk.seal(chunk.region, number: 2, generation: 4, used: used, volumeID: superblock.volumeID)
        func content(_ number: UInt64 = 2, _ generation: UInt64 = 4) -> UnsafeRawBufferPointer? {
            SnapshotChunk.content(
                of: UnsafeRawBufferPointer(chunk.region),
                number: number,
                generation: generation,
                volumeID: superblock.volumeID
            )
        }
        #expect(content()?.count == used)
        #expect(content(1) == nil && content(2, 3) == nil)
        flipping(chunk, bytes: SnapshotChunk.headerBytes + used) { offset in #expect(content() == nil, "byte \(offset)") }
    }
}
