// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// A lookup of some bytes of an object.
final class PendingRange: @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    let head: PendingRead
    let wanted: Range<UInt64>
    var reader: ObjectReader?
    var position: UInt64 = 0
    var piece: ObjectReader.Piece?

    init(head: PendingRead, wanted: Range<UInt64>) {
        self.head = head
        self.wanted = wanted
    }

    func ask() {
        reader?.next { [weak self] in self?.piece = $0 }
    }
}

/// An object that is there in part, as far as a lookup saw.
struct PartialObject {
    var key: Int
    var label: BodyLabel
    var map: FragmentMap
}

extension Simulation {
    // MARK: Parts

    /// Stores some bytes of an object whose length is known, or of one that is there in part.
    func beginWritingPart(_ key: Int) {
        guard writers.count < 3 else { return }
        report.operations += 1
        if let partial = partials.popLast(), random.oneIn(2) {
            let label = partial.label
            let start = random.below(label.count)
            let writer = ObjectWriter(store: store, key: keys[partial.key], completing: partial.map, from: UInt64(start))
            let pending = PendingWriter(writer: writer, key: partial.key, version: label.version, count: label.count, padding: 0)
            pending.completes = true
            pending.set(part: start..<(start + 1 + random.below(label.count - start)))
            return writers.append(pending)
        }
        let version = model.nextVersion()
        model.begin(version)
        let count = 1 + random.below(400_000)
        let start = random.below(count)
        let writer = ObjectWriter(store: store, key: keys[key], totalBytes: UInt64(count), from: UInt64(start))
        let pending = PendingWriter(writer: writer, key: key, version: version, count: count, padding: 0)
        pending.set(part: start..<(start + 1 + random.below(count - start)))
        writers.append(pending)
    }

    // MARK: Ranges

    func readRange(_ key: Int) throws(SimulationFailure) {
        let start = random.below(100_000)
        let wanted = UInt64(start)..<UInt64(start + 1 + random.below(200_000))
        let range = PendingRange(head: beginRead(key), wanted: wanted)
        ranges.append(range)
        store.get(keys[key]) { range.head.answer($0) }
        try settleRanges()
    }

    func settleRanges() throws(SimulationFailure) {
        var index = 0
        while index < ranges.count {
            if try advance(ranges[index]) {
                ranges.swapAt(index, ranges.count - 1)
                ranges.removeLast()
            } else {
                index += 1
            }
        }
    }

    /// - Returns: Whether it is over.
    private func advance(_ range: PendingRange) throws(SimulationFailure) -> Bool {
        let read = range.head
        if let lookup = read.lookup {
            read.lookup = nil
            try check(read.answers == 1, "a lookup was answered \(read.answers) times")
            guard let object = lookup.object else {
                report.readsChecked += 1
                return true
            }
            guard let object = object as? PlainObject else { throw failure("an object of another type") }
            try checkHead(object, read, isStale: lookup.isStale)
            let reader = ObjectReader(object, in: store, range: range.wanted)
            range.reader = reader
            range.position = min(range.wanted.lowerBound, reader.totalBytes)
            range.ask()
        }
        while let piece = range.piece, let label = read.label, let reader = range.reader {
            range.piece = nil
            switch piece {
            case .end:
                let end = min(range.wanted.upperBound, reader.totalBytes)
                try check(
                    range.position == max(end, min(range.wanted.lowerBound, end)),
                    "key \(read.key): a range ended at \(range.position) of \(end)"
                )
                report.readsChecked += 1
                return true
            case .missing(let bytes, _):
                try check(bytes.lowerBound == range.position && !bytes.isEmpty, "key \(read.key): a gap in the wrong place")
                range.position = bytes.upperBound
                if let map = read.fragments { note(PartialObject(key: read.key, label: label, map: map)) }
            case .bytes(let object, let part):
                guard let object = object as? PlainObject else { throw failure("an object of another type") }
                let isRight = Bodies.matches(key: read.key, version: label.version, at: Int(range.position), object, part)
                try check(isRight, "key \(read.key), version \(label.version): wrong bytes in a range, at \(range.position)")
                range.position += UInt64(part.count)
            }
            range.ask()
        }
        return false
    }

    func note(_ partial: PartialObject) {
        guard partial.label.count > 0 else { return }
        if partials.count > 8 { partials.removeFirst() }
        partials.append(partial)
    }
}
