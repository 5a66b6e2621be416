// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Makes the bytes of journal pages.
struct JournalImage {
    let volume: VolumeID

    /// Everything that is remembered, as the beginning of a half.
    func checkpoint(of ledger: PurgeLedger, epoch: UInt64) -> PageBuffer {
        let count = JournalCycle.pages(records: ledger.recordCount)
        let buffer = PageBuffer(byteCount: count * JournalPage.byteCount)
        var page = JournalPage(
            volume: volume,
            epoch: epoch,
            position: 0,
            checkpointPages: count,
            commit: 0,
            commitPosition: 0,
            records: []
        )
        page.records.reserveCapacity(JournalPage.recordCapacity)
        func finishPage() {
            page.encode(into: buffer.region.part(page.position * JournalPage.byteCount, JournalPage.byteCount))
            page.position += 1
            page.records.removeAll(keepingCapacity: true)
        }
        ledger.forEachRecord(for: volume) { record in
            page.records.append(record)
            if page.records.count == JournalPage.recordCapacity { finishPage() }
        }
        // The count is a bound: what is left over are pages without records.
        while page.position < count { finishPage() }
        return buffer
    }

    /// Some records to be appended, every page twice.
    func append(_ records: [JournalRecord], to cycle: JournalCycle, position: Int, commit: UInt64) -> PageBuffer {
        let count = JournalCycle.pages(records: records.count)
        let buffer = PageBuffer(byteCount: count * JournalCycle.copies * JournalPage.byteCount)
        for index in 0..<count {
            let page = JournalPage(
                volume: volume,
                epoch: cycle.epoch,
                position: position + index * JournalCycle.copies,
                checkpointPages: cycle.checkpointPages,
                commit: commit,
                commitPosition: position,
                records: Array(records.dropFirst(index * JournalPage.recordCapacity).prefix(JournalPage.recordCapacity))
            )
            for copy in 0..<JournalCycle.copies {
                let slot = (index * JournalCycle.copies + copy) * JournalPage.byteCount
                page.encode(into: buffer.region.part(slot, JournalPage.byteCount))
            }
        }
        return buffer
    }
}
