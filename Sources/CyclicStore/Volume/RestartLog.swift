// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a volume writes beside its stripes so that its next start is short: marks, the footer log, snapshots. A value under the volume's
/// lock that says what is due; `Volume+Restart` writes it.
struct RestartLog {
    /// Nothing of it on a volume too small for its regions.
    let isOn: Bool
    private let stripeCount: Int
    /// The newest mark that is on disk.
    private(set) var mark: TurnMark
    private(set) var isMarkUnderWay = false
    /// The engine had no room for a mark: the next operation that ends makes some.
    private(set) var isMarkHeldUp = false
    /// Attempts in a row that failed.
    private(set) var markFailures = 0
    /// Directories that are not in the footer log yet, by stripe.
    private(set) var pages: [Int: Page] = [:]
    private var pagesUnderWay: Set<Int> = []
    private var logFailures = 0
    /// From this place on the log has every stripe; before, a start must read them all.
    private var logCompleteAt: UInt64 = 0
    /// Stripes opened at or behind the mark's `low` have this sequence or a higher one; those that lie there from earlier a lower one.
    private var openedSequence: UInt64
    var snapshotGeneration: UInt64
    private(set) var isSnapshotUnderWay = false
    /// Where the head was when the last snapshot began, and how long that snapshot is.
    private(set) var snapshotPlace: UInt64
    private(set) var snapshotBytes = 0

    /// One stripe's directory.
    struct Page: Equatable {
        var sequence: UInt64
        var isHot: Bool
        /// See ``StripeFooter/hasUsesSincePass``.
        var hasUsesSincePass = false
        var entries: [DirectoryEntry]
    }

    static let off = RestartLog(isOn: false, stripeCount: 1, mark: .initial(stripeCount: 1), snapshotGeneration: 0)

    init(isOn: Bool, stripeCount: Int, mark: TurnMark, snapshotGeneration: UInt64) {
        self.isOn = isOn
        self.stripeCount = stripeCount
        self.mark = mark
        openedSequence = mark.lowSequence
        self.snapshotGeneration = snapshotGeneration
        snapshotPlace = mark.head
    }

    // MARK: Marks

    /// Places that a mark allows for: a sixteenth of a turn at most, so that a crash never makes a start read much.
    static func reach(stripeCount: Int) -> UInt64 { UInt64(min(1024, max(4, stripeCount / 16))) }

    var reach: UInt64 { Self.reach(stripeCount: stripeCount) }

    /// Whether a stripe may be opened at a place.
    func allows(_ place: UInt64) -> Bool { !isOn || place < mark.high }

    func wantsMark(at place: UInt64) -> Bool { isOn && !isMarkUnderWay && place + reach / 2 >= mark.high }

    /// What to write now.
    /// - Parameter filling: Stripes that are being filled.
    mutating func nextMark(
        cycle: StripeCycle,
        filling: some Sequence<Int>,
        nextSerial: UInt64,
        closedSnapshot: UInt64 = 0
    ) -> TurnMark {
        isMarkUnderWay = true
        let head = cycle.odometer
        var low = filling.reduce(head) { min($0, cycle.place(of: $1)) }
        for (stripe, page) in pages {
            let place = cycle.place(of: stripe)
            // A hot stripe that the head has not come to yet lies where its sequence says.
            if !page.isHot || place >= mark.low { low = min(low, place) }
        }
        var lowSequence = cycle.nextSequence
        for place in low..<head {
            let sequence = cycle.sequence(Int(place % UInt64(stripeCount)))
            // A lower one is in a stripe that the head passed over, or that a crash left as it was before.
            if sequence >= openedSequence { lowSequence = min(lowSequence, sequence) }
        }
        // Until the log is complete every stripe is looked at, however long it takes.
        if head < logCompleteAt { (low, lowSequence) = (head - UInt64(stripeCount), 0) }
        return TurnMark(
            generation: mark.generation + 1,
            low: low,
            head: head,
            high: closedSnapshot == 0 ? cycle.nextPlace + reach : head,
            nextSequence: cycle.nextSequence,
            lowSequence: lowSequence,
            nextSerial: nextSerial,
            closedSnapshot: closedSnapshot
        )
    }

    /// What became of a mark.
    enum MarkOutcome {
        case written(TurnMark)
        case failed
        /// The engine or the budget had no room.
        case notTaken
    }

    mutating func finishMark(_ outcome: MarkOutcome) {
        isMarkUnderWay = false
        isMarkHeldUp = false
        switch outcome {
        case .written(let written):
            markFailures = 0
            mark = written
            if written.lowSequence > 0 { openedSequence = written.lowSequence }
        case .failed: markFailures += 1
        case .notTaken: isMarkHeldUp = true
        }
    }

    // MARK: Footer log

    /// So many directories wait at most before they are written.
    static let pagesAtOnce = 64

    var hasPages: Bool { pages.count > pagesUnderWay.count }
    var wantsLogWrite: Bool { pages.count - pagesUnderWay.count >= Self.pagesAtOnce }

    mutating func add(_ page: Page, stripe: Int, at place: UInt64) {
        guard isOn else { return }
        pages[stripe] = page
        if pages.count > 16 * Self.pagesAtOnce { giveUpLog(at: place) }
    }

    /// Runs of neighbours that are to be written, each with one write.
    mutating func takeRuns() -> [ClosedRange<Int>] {
        var runs: [ClosedRange<Int>] = []
        for stripe in pages.keys.sorted() where !pagesUnderWay.contains(stripe) {
            pagesUnderWay.insert(stripe)
            if let last = runs.last, last.upperBound + 1 == stripe, last.count < Self.pagesAtOnce {
                runs[runs.count - 1] = last.lowerBound...stripe
            } else {
                runs.append(stripe...stripe)
            }
        }
        return runs
    }

    /// What became of a run.
    enum RunOutcome {
        case written
        case failed
        /// The engine or the budget had no room.
        case notTaken
    }

    /// - Parameter written: What was to be written for each stripe of the run.
    mutating func finishRun(_ run: ClosedRange<Int>, _ written: [Page], _ outcome: RunOutcome, at place: UInt64) {
        for (stripe, page) in zip(run, written) {
            pagesUnderWay.remove(stripe)
            // A newer one of the same stripe waits for the next run.
            if outcome == .written, pages[stripe] == page { pages[stripe] = nil }
        }
        switch outcome {
        case .written: logFailures = 0
        case .failed:
            logFailures += 1
            if logFailures >= 8 { giveUpLog(at: place) }
        case .notTaken: break
        }
    }

    /// The log cannot be written: the next start reads every stripe, until the log has been written for a whole turn.
    private mutating func giveUpLog(at place: UInt64) {
        pages = [:]
        logFailures = 0
        logCompleteAt = place + UInt64(stripeCount)
    }

    // MARK: Snapshots

    /// A snapshot is worth its bytes after an eighth of a turn; one that is large beside what has been written waits longer, half a turn at
    /// most.
    func wantsSnapshot(at place: UInt64, stripeBytes: Int) -> Bool {
        guard isOn, !isSnapshotUnderWay else { return false }
        let since = place - min(place, snapshotPlace)
        let worth = snapshotBytes * 200 / stripeBytes
        return since >= UInt64(max(8, min(max(stripeCount / 8, worth), stripeCount / 2)))
    }

    mutating func beginSnapshot() -> UInt64 {
        isSnapshotUnderWay = true
        return snapshotGeneration + 1
    }

    /// - Parameter bytes: Its length; nil when it could not be written.
    mutating func endSnapshot(_ generation: UInt64, begunAt place: UInt64, bytes: Int?) {
        isSnapshotUnderWay = false
        snapshotPlace = place
        guard let bytes else { return }
        snapshotGeneration = generation
        snapshotBytes = bytes
    }
}
