// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The bytes of a simulated disk. Pages exist once they are written; beside each page with unsynced bytes lies what it held at the last
/// sync. A write costs a copy; the first to a page after a sync costs one more of the page.
package struct SimulatedMedium: ~Copyable {
    static let sectorBytes = 512
    static let pageBytes = 64 * 1024

    /// What becomes of the writes that were not synced.
    package enum Fate: Sendable, CaseIterable {
        /// All are there.
        case kept
        /// None is.
        case dropped
        /// Those up to one of them are there, that one in part, and none after it: a disk that keeps the order.
        case inOrder
        /// Each has a fate of its own: whole, nothing, one end, or any of its sectors. So a later one may be there without an earlier.
        case mixed
    }

    let byteCount: Int
    private var pages: [UnsafeMutableRawPointer?]
    /// What a page held at the last sync, for pages written since.
    private var synced: [UnsafeMutableRawPointer?]
    private var unsyncedPages: [Int] = []
    /// Writes since the last sync, in their order, as sectors.
    private var extents: [Range<Int>] = []
    /// For each sector: clean, written since the last sync, or written and to be kept in the crash that is under way.
    private var sectors: [UInt8]
    private var spare: [UnsafeMutableRawPointer] = []

    private static let clean: UInt8 = 0
    private static let written: UInt8 = 1
    private static let surviving: UInt8 = 2

    init(byteCount: Int) {
        self.byteCount = byteCount
        let count = (byteCount + Self.pageBytes - 1) / Self.pageBytes
        pages = Array(repeating: nil, count: count)
        synced = Array(repeating: nil, count: count)
        sectors = Array(repeating: Self.clean, count: count * (Self.pageBytes / Self.sectorBytes))
    }

    deinit {
        for page in pages { free(page) }
        for page in synced { free(page) }
        for page in spare { free(page) }
    }

    /// Bounds are the caller's business.
    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) {
        var done = 0
        while done < region.count {
            let (page, within) = (offset + done).quotientAndRemainder(dividingBy: Self.pageBytes)
            let target = region.part(done, min(Self.pageBytes - within, region.count - done))
            if let bytes = pages[page] {
                target.copyMemory(from: UnsafeRawBufferPointer(start: bytes + within, count: target.count))
            } else {
                target.zero()
            }
            done += target.count
        }
    }

    mutating func write(at offset: Int, from region: UnsafeRawBufferPointer, _ random: inout SeededRandom) {
        guard !region.isEmpty else { return }
        let touched = (offset / Self.sectorBytes)..<((offset + region.count + Self.sectorBytes - 1) / Self.sectorBytes)
        extents.append(touched)
        // An earlier unsynced write to the same place may have reached the disk of its own accord before this one.
        mark(touched, earlierReachedDisk: random.next() & 1 == 0)
        var done = 0
        while done < region.count {
            let (page, within) = (offset + done).quotientAndRemainder(dividingBy: Self.pageBytes)
            let source = region.part(done, min(Self.pageBytes - within, region.count - done))
            if let bytes = pages[page], let from = source.baseAddress { memcpy(bytes + within, from, source.count) }
            done += source.count
        }
    }

    /// Writes some of the sectors: one end or any subset.
    mutating func tear(at offset: Int, from region: UnsafeRawBufferPointer, _ random: inout SeededRandom) {
        let count = (region.count + Self.sectorBytes - 1) / Self.sectorBytes
        guard count > 0 else { return }
        let cut = Int(random.next() % UInt64(count + 1))
        switch random.next() % 3 {
        case 0: write(at: offset, from: region.part(0, min(region.count, cut * Self.sectorBytes)), &random)
        case 1:
            let start = min(region.count, cut * Self.sectorBytes)
            write(at: offset + start, from: region.part(start, region.count - start), &random)
        default:
            for sector in 0..<count where random.next() & 1 == 0 {
                let start = sector * Self.sectorBytes
                write(at: offset + start, from: region.part(start, min(Self.sectorBytes, region.count - start)), &random)
            }
        }
    }

    /// Makes everything written so far survive.
    mutating func sync() {
        for page in unsyncedPages { settle(page) }
        unsyncedPages.removeAll(keepingCapacity: true)
        extents.removeAll(keepingCapacity: true)
    }

    /// - Returns: How many unsynced writes were lost, whole or in part.
    mutating func crash(_ fate: Fate, _ random: inout SeededRandom) -> Int {
        var lost = 0
        let last = Int(random.next() % UInt64(extents.count + 1))
        for (number, extent) in extents.enumerated() {
            let own: Fate = fate != .inOrder ? fate : number < last ? .kept : number == last ? .mixed : .dropped
            if !survive(extent, own, &random) { lost += 1 }
        }
        for page in unsyncedPages {
            let first = page * (Self.pageBytes / Self.sectorBytes)
            for sector in first..<(first + Self.pageBytes / Self.sectorBytes) where sectors[sector] == Self.written {
                if let old = synced[page], let new = pages[page] {
                    let within = (sector - first) * Self.sectorBytes
                    memcpy(new + within, old + within, Self.sectorBytes)
                }
            }
            settle(page)
        }
        unsyncedPages.removeAll(keepingCapacity: true)
        extents.removeAll(keepingCapacity: true)
        return lost
    }

    /// Flips a bit of what is read from now on, synced or not.
    mutating func flip(at offset: Int, bit: UInt8) {
        let (page, within) = offset.quotientAndRemainder(dividingBy: Self.pageBytes)
        let mask: UInt8 = 1 << (bit & 7)
        if pages[page] == nil { pages[page] = takePage(zeroed: true) }
        for copy in [pages[page], synced[page]] {
            guard let byte = copy?.advanced(by: within).assumingMemoryBound(to: UInt8.self) else { continue }
            byte.pointee ^= mask
        }
    }

    // MARK: Inside

    private mutating func mark(_ touched: Range<Int>, earlierReachedDisk: Bool) {
        let perPage = Self.pageBytes / Self.sectorBytes
        for page in (touched.lowerBound / perPage)...((touched.upperBound - 1) / perPage) {
            let isFirst = synced[page] == nil
            if isFirst {
                unsyncedPages.append(page)
                let copy = takePage(zeroed: pages[page] == nil)
                if let current = pages[page] {
                    memcpy(copy, current, Self.pageBytes)
                } else {
                    pages[page] = takePage(zeroed: true)
                }
                synced[page] = copy
            }
            let here = touched.clamped(to: (page * perPage)..<((page + 1) * perPage))
            for sector in here {
                if !isFirst, earlierReachedDisk, sectors[sector] != Self.clean, let current = pages[page], let old = synced[page] {
                    let within = (sector - page * perPage) * Self.sectorBytes
                    memcpy(old + within, current + within, Self.sectorBytes)
                }
                sectors[sector] = Self.written
            }
        }
    }

    private mutating func survive(_ extent: Range<Int>, _ fate: Fate, _ random: inout SeededRandom) -> Bool {
        func set(_ part: Range<Int>, _ value: UInt8) { for sector in part { sectors[sector] = value } }
        switch fate {
        case .kept:
            set(extent, Self.surviving)
            return true
        case .dropped:
            set(extent, Self.written)
            return false
        case .mixed, .inOrder:
            let cut = extent.lowerBound + Int(random.next() % UInt64(extent.count + 1))
            switch random.next() % 8 {
            case 0..<3: return survive(extent, .kept, &random)
            case 3..<5: return survive(extent, .dropped, &random)
            case 5:
                set(extent.lowerBound..<cut, Self.surviving)
                set(cut..<extent.upperBound, Self.written)
            case 6:
                set(extent.lowerBound..<cut, Self.written)
                set(cut..<extent.upperBound, Self.surviving)
            default:
                for sector in extent { sectors[sector] = random.next() & 1 == 0 ? Self.surviving : Self.written }
            }
            return false
        }
    }

    private mutating func settle(_ page: Int) {
        if let old = synced[page] { spare.append(old) }
        synced[page] = nil
        let perPage = Self.pageBytes / Self.sectorBytes
        for sector in (page * perPage)..<((page + 1) * perPage) { sectors[sector] = Self.clean }
    }

    private mutating func takePage(zeroed: Bool) -> UnsafeMutableRawPointer {
        if let page = spare.popLast() {
            if zeroed { memset(page, 0, Self.pageBytes) }
            return page
        }
        guard let page = calloc(1, Self.pageBytes) else { fatalError("out of memory for a simulated disk") }
        return page
    }
}
