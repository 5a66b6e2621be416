// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// The order of words when an index is made again.
@Suite struct RebuildStateTests {
    private let key = KeyHash(high: 1 << 60, low: 77)

    private func entry(_ serial: UInt64, kind: RecordKind = .object) -> DirectoryEntry {
        DirectoryEntry(hash: key, serial: serial, unitInStripe: kind == .tombstone ? 0 : 4, units: kind == .tombstone ? 0 : 2, kind: kind)
    }

    /// Applies directories of one entry or none, each in the stripe of its place in the list, and tells which stripe the index points to.
    private func stripe(after words: [(sequence: UInt64, entry: DirectoryEntry?)]) -> Int? {
        var index = PackedIndex(totalUnits: 1 << 16, expectedCount: 100)
        let state = RebuildState(totalUnits: 1 << 16, expectedCount: 100, lowSequence: 0)
        for (stripe, word) in words.enumerated() {
            state.apply(word.entry.map { [$0] } ?? [], stripe: stripe, sequence: word.sequence, unitsPerStripe: 64, to: &index)
        }
        state.settleAll(in: &index)
        return index.find(key)?.address.stripe(unitsPerStripe: 64)
    }

    @Test func `the newest stripe has the last word, and of those that were open together the higher serial`() {
        #expect(stripe(after: [(200, entry(9)), (199, entry(8)), (20, entry(7))]) == 0)
        #expect(stripe(after: [(200, entry(8)), (199, entry(9)), (20, entry(7))]) == 1)
        #expect(stripe(after: [(200, entry(9, kind: .tombstone)), (199, entry(8)), (20, entry(7))]) == nil)
        #expect(stripe(after: [(200, entry(8, kind: .tombstone)), (199, entry(9)), (20, entry(7))]) == 1)
    }

    @Test func `a word that comes too late is never outdone by an older one that was taken for the last`() {
        // The first has been settled when the late one comes.
        #expect(stripe(after: [(200, entry(9)), (100, nil), (150, entry(10))]) == nil)
        // The same, with an older word of the key in the stripes that were open beside.
        #expect(stripe(after: [(200, entry(9)), (100, nil), (99, entry(5)), (150, entry(10))]) == nil)
        #expect(stripe(after: [(200, entry(9)), (100, nil), (99, entry(5)), (150, entry(10, kind: .tombstone))]) == nil)
        // Nothing was known of it, or nothing is any more.
        #expect(stripe(after: [(200, nil), (100, nil), (150, entry(10))]) == 2)
        #expect(stripe(after: [(200, entry(9, kind: .tombstone)), (100, nil), (150, entry(8))]) == nil)
    }
}
