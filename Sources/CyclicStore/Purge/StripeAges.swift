// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How old the stripes of a volume are, in serials, known well enough to forget purges: marks taken now and then while the volume turns.
///
/// A record is in a stripe since the stripe was opened, or later: it was written then, or checked when it was carried there. So a purge
/// from before the opening of the oldest stripe has nothing left to match. A pure value.
struct StripeAges: Hashable, Sendable {
    /// Marks that are kept: one for every 64th part of a turn, or for more.
    static let maxMarks = 64
    /// Journal records it takes.
    static let maxRecords = maxMarks + 1

    /// Where a volume is in its turn.
    struct Turn: Hashable, Sendable {
        /// The serial clock, read before the sequences.
        var serial: UInt64
        /// The next stripe that is opened gets it.
        var nextSequence: UInt64
        /// That of the oldest stripe a lookup can reach.
        var oldestSequence: UInt64
    }

    private struct Mark: Hashable, Sendable {
        var sequence: UInt64
        var serial: UInt64
    }

    /// Ascending in both.
    private var marks: [Mark] = []
    /// Stripes below had been taken back at the last note.
    private(set) var stripeFloor: UInt64 = 0

    /// What a journal says.
    init(_ records: [JournalRecord]) {
        for case .stripeFloor(_, let sequence) in records { stripeFloor = max(stripeFloor, sequence) }
        var found: [Mark] = []
        for case .stripeMark(let serial, let sequence) in records { found.append(Mark(sequence: sequence, serial: serial)) }
        // The same mark may be there often; of marks that contradict each other, which cannot be, the less generous ones stay.
        for mark in found.sorted(by: { ($0.sequence, $0.serial) < ($1.sequence, $1.serial) }) {
            if let last = marks.last, last.sequence == mark.sequence || last.serial >= mark.serial { continue }
            marks.append(mark)
        }
        thin()
    }

    func wantsMark(nextSequence: UInt64, stripes: Int) -> Bool {
        guard let last = marks.last else { return true }
        return nextSequence >= last.sequence + UInt64(max(1, stripes / Self.maxMarks))
    }

    mutating func note(_ turn: Turn) {
        stripeFloor = max(stripeFloor, turn.oldestSequence)
        // The last one at or below the oldest stripe is still needed, and the one before it: see ``oldestSerial``.
        while marks.count > 2, marks[2].sequence <= stripeFloor { marks.removeFirst() }
        guard turn.serial > 0, marks.last.map({ turn.nextSequence > $0.sequence && turn.serial > $0.serial }) ?? true else { return }
        marks.append(Mark(sequence: turn.nextSequence, serial: turn.serial))
        thin()
    }

    /// Everything the volume still has was written or checked after this serial; 0 when that is not known.
    ///
    /// Not the last mark that says so but the one before: between its check and its place in a stripe a record takes a moment, and the
    /// stripe may be opened, and a purge come, in that moment.
    var oldestSerial: UInt64 {
        guard let last = marks.lastIndex(where: { $0.sequence <= stripeFloor }), last > 0 else { return 0 }
        return marks[last - 1].serial
    }

    var records: [JournalRecord] {
        guard let newest = marks.last?.serial else { return [] }
        return [.stripeFloor(serial: newest, sequence: stripeFloor)]
            + marks.map { .stripeMark(serial: $0.serial, sequence: $0.sequence) }
    }

    /// Every second mark is enough when there are too many; the two that count now and the newest stay.
    private mutating func thin() {
        guard marks.count > Self.maxMarks else { return }
        marks = marks.enumerated().filter { $0.offset < 2 || $0.offset % 2 == 0 || $0.offset == marks.count - 1 }.map(\.element)
    }
}
