// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is counted on over restarts.
struct KeptStatistics: Hashable {
    var reuse = ReuseStatistics()
    /// What had been written of the day's bytes, and when that was so, in seconds since 1970. Nil without a bound by the day.
    var day: WriteBudget.Day?
    var daySeconds: UInt64 = 0
    /// Nothing was written afterwards but what a stop writes.
    var isFinal = false
}

/// Where the statistics are kept: two pages of the volume, written in turn, so that a torn one leaves the other.
///
/// A page: the reuse statistics; then, where the write budget has a bound by the day, seconds, tokens, whether it was the last, the slots in
/// units of 4 KiB, and a checksum over these; at the end the generation.
struct StatisticsPages {
    let superblock: Superblock

    /// Nil on a volume too small for them.
    init?(_ superblock: Superblock) {
        guard superblock.regions.statistics.byteCount >= 2 * Limits.pageBytes else { return nil }
        self.superblock = superblock
    }

    private static let dayOffset = ReuseStatistics.codedByteCount
    private static let slotsOffset = dayOffset + 24
    private static let dayChecksumOffset = slotsOffset + 4 * WriteBudget.daySlots
    private static let generationOffset = Limits.pageBytes - 16
    private static let slotUnit = 4096

    func offset(of generation: UInt64) -> Int {
        superblock.regions.statistics.offset + Int(generation % 2) * Limits.pageBytes
    }

    func encode(_ kept: KeptStatistics, generation: UInt64, into page: UnsafeMutableRawBufferPointer) {
        page.zero()
        kept.reuse.encoded().withUnsafeBytes { page.part(0, $0.count).copyMemory(from: $0) }
        if let day = kept.day {
            page.setField(Self.dayOffset, kept.daySeconds)
            page.setField(Self.dayOffset + 8, Int64(day.tokens))
            page.setField(Self.dayOffset + 16, kept.isFinal ? UInt64(1) : 0)
            for (number, bytes) in day.slots.prefix(WriteBudget.daySlots).enumerated() {
                page.setField(Self.slotsOffset + 4 * number, UInt32(clamping: bytes.roundedUp(to: Self.slotUnit) / Self.slotUnit))
            }
            page.setField(Self.dayChecksumOffset, Self.dayChecksum(UnsafeRawBufferPointer(page)))
        }
        page.setField(Self.generationOffset, generation)
        page.setField(Self.generationOffset + 8, seal(generation))
    }

    /// The newer of the two that are whole, and its generation; nothing counted when neither is. Reads on the calling thread.
    func read(_ device: any BlockDevice) -> (kept: KeptStatistics, generation: UInt64) {
        var newest = (kept: KeptStatistics(), generation: UInt64(0))
        for number in 0..<2 as Range<UInt64> {
            let page = PageBuffer(byteCount: Limits.pageBytes)
            do throws(DeviceError) { try device.read(at: offset(of: number), into: page.region) } catch { continue }
            let bytes = UnsafeRawBufferPointer(page.region)
            let generation: UInt64 = bytes.field(Self.generationOffset)
            guard generation > newest.generation, generation % 2 == number, bytes.field(Self.generationOffset + 8) == seal(generation),
                let reuse = ReuseStatistics(decoding: bytes)
            else { continue }
            newest = (KeptStatistics(reuse: reuse), generation)
            guard bytes.field(Self.dayOffset, as: UInt64.self) > 0,
                bytes.field(Self.dayChecksumOffset, as: UInt32.self) == Self.dayChecksum(bytes)
            else { continue }
            newest.kept.daySeconds = bytes.field(Self.dayOffset)
            newest.kept.isFinal = bytes.field(Self.dayOffset + 16, as: UInt64.self) == 1
            newest.kept.day = WriteBudget.Day(
                tokens: Int(bytes.field(Self.dayOffset + 8, as: Int64.self)),
                slots: (0..<WriteBudget.daySlots).map { Int(bytes.field(Self.slotsOffset + 4 * $0, as: UInt32.self)) * Self.slotUnit }
            )
        }
        return newest
    }

    private static func dayChecksum(_ page: UnsafeRawBufferPointer) -> UInt32 {
        Checksum.of(page.part(dayOffset, dayChecksumOffset - dayOffset))
    }

    /// Ties a page to this volume and generation.
    private func seal(_ generation: UInt64) -> UInt64 {
        (generation &* 0x9e37_79b9_7f4a_7c15) ^ superblock.volumeID.word0 ^ superblock.volumeID.word1
    }
}

extension Volume {
    /// At ticks: writes the statistics every half minute if they changed and the write budget has a page to give; sooner where much of the day's
    /// bytes has been written, so that a crash forgets little of it.
    func saveStatisticsIfDue() {
        let isDue = lock.locked {
            let now = nowSeconds()
            guard now >= statisticsSavedAtSeconds + 30 || hasSpentMuch else { return false }
            statisticsSavedAtSeconds = now
            return true
        }
        guard isDue, let next = changedStatistics(isFinal: false), governor.takeAside(Limits.pageBytes) else { return }
        write(next) { [self] in if governor.dayGrain != nil { sync() } }
    }

    /// As the last thing before a stop: writes the statistics if they changed since they were written last, after the write that is under way if
    /// there is one. Calls back once, also when that failed.
    func saveStatistics(_ completion: @escaping @Sendable () -> Void = {}) {
        let waits = lock.locked {
            if isSavingStatistics { statisticsWaiters.append(completion) }
            return isSavingStatistics
        }
        if waits { return }
        guard let next = changedStatistics(isFinal: true) else { return completion() }
        whenAffordable(Limits.pageBytes) { [self] isPaid in
            if isPaid { write(next, completion) } else { completion() }
        }
    }

    /// What is to be written; nil when it is on the disk already, or on its way there.
    private func changedStatistics(isFinal: Bool) -> KeptStatistics? {
        guard StatisticsPages(superblock) != nil else { return nil }
        let day = governor.day
        return lock.locked {
            guard !isOffline, !isSavingStatistics else { return nil }
            let isChanged = savedStatistics?.reuse != reuse || hasSpentMuch || (isFinal && day != nil)
            guard isChanged else { return nil }
            return KeptStatistics(reuse: reuse, day: day, daySeconds: day == nil ? 0 : nowSeconds(), isFinal: isFinal)
        }
    }

    private var hasSpentMuch: Bool { governor.dayGrain.map { governor.spent - spentWhenSaved >= $0 } ?? false }

    private func write(_ next: KeptStatistics, _ completion: @escaping @Sendable () -> Void) {
        let generation: UInt64? = lock.locked {
            guard !isSavingStatistics else { return nil }
            isSavingStatistics = true
            statisticsGeneration += 1
            savedStatistics = next
            spentWhenSaved = governor.spent
            return statisticsGeneration
        }
        guard let generation, let pages = StatisticsPages(superblock) else { return completion() }
        let page = PageBuffer(byteCount: Limits.pageBytes)
        pages.encode(next, generation: generation, into: page.region)
        let finish: @Sendable (Bool) -> Void = { [self] isWritten in
            let waiters = lock.locked {
                isSavingStatistics = false
                if isWritten { statistics.deviceBytesWritten += Limits.pageBytes } else { savedStatistics = nil }
                defer { statisticsWaiters = [] }
                return statisticsWaiters
            }
            completion()
            if !waiters.isEmpty { saveStatistics { for waiter in waiters { waiter() } } }
        }
        let write = IOOperation(kind: .write, device: device, offset: pages.offset(of: generation), region: page.region) { error in
            withExtendedLifetime(page) {}
            finish(error == nil)
        }
        if !engine.submit(write) { finish(false) }
    }
}
