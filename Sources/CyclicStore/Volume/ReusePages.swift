// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where the reuse statistics are kept over restarts: two pages of the volume, written in turn, so that a torn one leaves the other.
struct ReusePages {
    let superblock: Superblock

    /// Nil on a volume too small for them.
    init?(_ superblock: Superblock) {
        guard superblock.regions.statistics.byteCount >= 2 * Limits.pageBytes else { return nil }
        self.superblock = superblock
    }

    private static let generationOffset = Limits.pageBytes - 16

    func offset(of generation: UInt64) -> Int {
        superblock.regions.statistics.offset + Int(generation % 2) * Limits.pageBytes
    }

    func encode(_ statistics: ReuseStatistics, generation: UInt64, into page: UnsafeMutableRawBufferPointer) {
        page.zero()
        statistics.encoded().withUnsafeBytes { page.part(0, $0.count).copyMemory(from: $0) }
        page.setField(Self.generationOffset, generation)
        page.setField(Self.generationOffset + 8, seal(generation))
    }

    /// The newer of the two that are whole, and its generation; nothing counted when neither is. Reads on the calling thread.
    func read(_ device: any BlockDevice) -> (statistics: ReuseStatistics, generation: UInt64) {
        var newest = (statistics: ReuseStatistics(), generation: UInt64(0))
        for number in 0..<2 as Range<UInt64> {
            let page = PageBuffer(byteCount: Limits.pageBytes)
            do throws(DeviceError) { try device.read(at: offset(of: number), into: page.region) } catch { continue }
            let bytes = UnsafeRawBufferPointer(page.region)
            let generation: UInt64 = bytes.field(Self.generationOffset)
            guard generation > newest.generation, generation % 2 == number, bytes.field(Self.generationOffset + 8) == seal(generation),
                let statistics = ReuseStatistics(decoding: bytes)
            else { continue }
            newest = (statistics, generation)
        }
        return newest
    }

    /// Ties a page to this volume and generation.
    private func seal(_ generation: UInt64) -> UInt64 {
        (generation &* 0x9e37_79b9_7f4a_7c15) ^ superblock.volumeID.word0 ^ superblock.volumeID.word1
    }
}

extension Volume {
    /// Writes the reuse statistics, if they changed since they were written last. Calls back once, also when that failed: they are counted on in
    /// memory and written the next time.
    func saveReuse(_ completion: @escaping @Sendable () -> Void = {}) {
        guard let pages = ReusePages(superblock) else { return completion() }
        let next: (generation: UInt64, statistics: ReuseStatistics)? = lock.locked {
            guard !isOffline, !isSavingReuse, reuse != savedReuse else { return nil }
            isSavingReuse = true
            reuseGeneration += 1
            savedReuse = reuse
            return (reuseGeneration, reuse)
        }
        guard let next else { return completion() }
        let page = PageBuffer(byteCount: Limits.pageBytes)
        pages.encode(next.statistics, generation: next.generation, into: page.region)
        let write = IOOperation(kind: .write, device: device, offset: pages.offset(of: next.generation), region: page.region) {
            [self] error in
            withExtendedLifetime(page) {}
            lock.locked {
                isSavingReuse = false
                if error != nil { savedReuse = nil }
            }
            completion()
        }
        if !engine.submit(write) {
            lock.locked {
                isSavingReuse = false
                savedReuse = nil
            }
            completion()
        }
    }
}
