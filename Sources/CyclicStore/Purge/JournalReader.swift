// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is in a volume's journal. Reads on the calling thread: for the opening of a store.
struct JournalReader {
    let device: any BlockDevice
    let region: VolumeRegion
    let volume: VolumeID
    /// A page that looks damaged is read so often before it is believed: the damage may be the reading's.
    static let maxReads = 3

    /// What was found.
    struct Contents {
        /// Everything either half holds, whatever its age: facts do not expire by being written again.
        var records: [JournalRecord] = []
        var halfInUse = 1
        var highestEpoch: UInt64 = 0
        /// Something that had been acknowledged cannot be read any more.
        var isDamaged = false
    }

    static func pagesPerHalf(_ region: VolumeRegion) -> Int { region.byteCount / 2 / JournalPage.byteCount }

    /// - Throws: When the device does not give the bytes.
    func read() throws(DeviceError) -> Contents {
        var contents = Contents()
        var halves: [Half] = []
        for number in 0..<2 {
            let pages = try readPages(of: region.half(number))
            for page in pages.compactMap({ $0 }) { contents.records += page.records }
            halves.append(Half(pages))
        }
        contents.highestEpoch = max(halves[0].epoch, halves[1].epoch)
        // Without an append a half with gaps in its checkpoint was never in use.
        let used = halves.indices.filter { halves[$0].isWhole || halves[$0].hasAppends }
        if let newest = used.max(by: { halves[$0].epoch < halves[$1].epoch }) {
            contents.halfInUse = newest
            contents.isDamaged = !halves[newest].isWhole || halves[newest].misses
        }
        return contents
    }

    private func readPages(of half: VolumeRegion) throws(DeviceError) -> [JournalPage?] {
        let count = half.byteCount / JournalPage.byteCount
        let buffer = PageBuffer(byteCount: half.byteCount)
        try readStubbornly(half.offset, buffer.region)
        var pages: [JournalPage?] = []
        for position in 0..<count {
            let bytes = buffer.region.part(position * JournalPage.byteCount, JournalPage.byteCount)
            var page = JournalPage(decoding: UnsafeRawBufferPointer(bytes), volume: volume)
            var reads = 1
            while page == nil, reads < Self.maxReads, bytes.contains(where: { $0 != 0 }) {
                try readStubbornly(half.offset + position * JournalPage.byteCount, bytes)
                page = JournalPage(decoding: UnsafeRawBufferPointer(bytes), volume: volume)
                reads += 1
            }
            pages.append(page)
        }
        return pages
    }

    private func readStubbornly(_ offset: Int, _ bytes: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        for _ in 1..<Self.maxReads {
            do throws(DeviceError) { return try device.read(at: offset, into: bytes) } catch {}
        }
        try device.read(at: offset, into: bytes)
    }

    /// What the pages of a half say about how it was written.
    private struct Half {
        var epoch: UInt64 = 0
        /// The checkpoint has all its pages.
        var isWhole = false
        var hasAppends = false
        /// An append is missing that was synced before another began.
        var misses = false

        init(_ pages: [JournalPage?]) {
            // What an earlier writing of the half left behind is of no interest here.
            guard let newest = pages.compactMap({ $0 }).max(by: { $0.epoch < $1.epoch }) else { return }
            epoch = newest.epoch
            let checkpointPages = newest.checkpointPages
            func page(_ position: Int, at index: Int) -> JournalPage? {
                guard pages.indices.contains(index), let page = pages[index], page.epoch == newest.epoch, page.position == position
                else { return nil }
                return page
            }
            isWhole = (0..<checkpointPages).allSatisfy { page($0, at: $0) != nil }
            var firstMissing: Int?
            for position in stride(from: checkpointPages, to: pages.count, by: JournalCycle.copies) {
                let copies = (0..<JournalCycle.copies).lazy.compactMap { page(position, at: position + $0) }
                guard let found = copies.first else {
                    firstMissing = firstMissing ?? position
                    continue
                }
                hasAppends = true
                // A gap within the last append is a write that a crash tore; one before its beginning was whole once.
                if let firstMissing, firstMissing < found.commitPosition { misses = true }
            }
        }
    }
}
