// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// An object that is being stored and read at the same time.
final class PendingFill {
    let writer: FillWriter
    let key: Int
    let version: UInt64
    let count: Int
    var appended = 0
    var isFinished = false
    var readers: [PendingFillReader] = []

    init(writer: FillWriter, key: Int, version: UInt64, count: Int) {
        self.writer = writer
        self.key = key
        self.version = version
        self.count = count
    }
}

/// Somebody who reads along.
final class PendingFillReader: @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    let reader: FillReader
    var position: Int
    var pieces: [FillReader.Piece] = []
    /// A piece has been asked for and has not come.
    var isWaiting = false

    private let fillBytes: () -> Int

    init(_ reader: FillReader, of fill: Fill) {
        self.reader = reader
        fillBytes = { [weak fill] in fill?.receivedBytes ?? .max }
        position = reader.position
    }

    /// It reads what is stored already.
    var isBehind: Bool { position < fillBytes() }

    func ask() {
        isWaiting = true
        reader.next { [weak self] in
            self?.isWaiting = false
            self?.pieces.append($0)
        }
    }
}

extension Simulation {
    /// One step of a fill: it begins, gets bytes, a reader, its end, or is given up.
    func goOnFilling(_ key: Int) throws(SimulationFailure) {
        if fills.count < 3, random.oneIn(fills.isEmpty ? 1 : 5) { try beginFill(key) } else { goOn() }
        resumeFills()
        try settleFills()
    }

    /// On its own, since a fill that is dropped here ends when nobody holds it any more.
    private func goOn() {
        let fill = fills[random.below(fills.count)]
        switch random.below(20) {
        case 0:
            // Given up, or just dropped.
            if random.oneIn(2) { fill.writer.abort() }
            fills.removeAll { $0 === fill }
            orphans += fill.readers
        case 1: fill.writer.giveUpStoring()
        case 2..<6: addReader(to: fill)
        default:
            if fill.writer.isBlocked { break }
            let piece = min(fill.count - fill.appended, 1 + random.below(40_000))
            Bodies.withBytes(key: fill.key, version: fill.version, fill.appended..<(fill.appended + piece)) { fill.writer.append($0) }
            fill.appended += piece
            if fill.appended == fill.count, !fill.isFinished { finish(fill) }
        }
    }

    private func beginFill(_ key: Int) throws(SimulationFailure) {
        report.operations += 1
        let version = model.nextVersion()
        let count = random.below([3000, 100_000, 400_000][random.below(3)])
        switch store.beginFill(keys[key], info: version, expectedBytes: random.oneIn(2) ? count : nil) {
        case .begun(let writer):
            try check(!fills.contains { $0.key == key && !$0.isOver }, "key \(key) is filled twice at a time")
            model.begin(version)
            fills.append(PendingFill(writer: writer, key: key, version: version, count: count))
        case .joined(let other):
            guard let fill = fills.first(where: { $0.writer.fill === other }) else {
                throw failure("a fill of key \(key) that nobody began")
            }
            addReader(to: fill)
        case .full: throw failure("no fill may begin, and \(fills.count) go on")
        }
    }

    private func addReader(to fill: PendingFill) {
        report.operations += 1
        guard fill.readers.count < 4 else { return }
        let reader = PendingFillReader(
            fill.writer.fill.reader(from: random.oneIn(3) ? random.below(fill.count + 1) : 0),
            of: fill.writer.fill
        )
        fill.readers.append(reader)
        reader.ask()
    }

    private func finish(_ fill: PendingFill) {
        model.mayHavePut(fill.key, fill.version)
        fill.isFinished = true
        let label = BodyLabel(key: fill.key, version: fill.version, count: fill.count)
        fill.writer.finish(metadata: label.encode(padding: 0), tags: [tag(of: fill.key)])
        noteEnd(of: fill)
    }

    /// The store has it from now on, unless it says that it has not.
    private func noteEnd(of fill: PendingFill) {
        guard fill.isFinished, case .whole(let refusal)? = fill.writer.fill.end else { return }
        if refusal == nil { model.put(fill.key, fill.version) }
        trace(fill.key, "fill of version \(fill.version) ended: \(refusal.map { "\($0)" } ?? "taken")")
        report.mix(fill.version)
    }

    func resumeFills() {
        for fill in fills where fill.writer.isBlocked {
            if fill.isFinished { model.mayHavePut(fill.key, fill.version) }
            fill.writer.resume()
            noteEnd(of: fill)
        }
    }

    /// Looks at what the readers have got, and lets go of what is over.
    func settleFills() throws(SimulationFailure) {
        for fill in fills {
            for reader in fill.readers { try advance(reader, of: fill) }
        }
        orphans.removeAll { !$0.isWaiting }
        let over = fills.filter(\.isOver)
        fills.removeAll { $0.isOver && $0.readers.allSatisfy { !$0.isWaiting } }
        for fill in over { try check(fill.writer.fill.end != nil, "key \(fill.key): a fill that is over says that it goes on") }
        try check(store.statistics.fills == fills.count { !$0.isOver }, "\(store.statistics.fills) fills go on, \(fills.count) are known")
    }

    private func advance(_ reader: PendingFillReader, of fill: PendingFill) throws(SimulationFailure) {
        while !reader.pieces.isEmpty {
            let piece = reader.pieces.removeFirst()
            switch piece {
            case .bytes(let bytes, let range):
                let isRight = bytes.withBytes(in: range) {
                    Bodies.matches(key: fill.key, version: fill.version, at: reader.position, $0)
                }
                try check(isRight, "key \(fill.key): a fill gave its reader wrong bytes at \(reader.position)")
                reader.position += range.count
            case .stored(let object, let range):
                guard let object = object as? PlainObject else { throw failure("an object of another type") }
                let isRight = Bodies.matches(key: fill.key, version: fill.version, at: reader.position, object, range)
                try check(isRight, "key \(fill.key): a fill gave its reader wrong stored bytes at \(reader.position)")
                reader.position += range.count
            case .end:
                try check(fill.isFinished && reader.position == fill.count, "key \(fill.key): a fill ended at \(reader.position)")
                fill.readers.removeAll { $0 === reader }
                return
            case .aborted, .lost:
                fill.readers.removeAll { $0 === reader }
                return
            }
            report.readsChecked += 1
            try check(reader.position <= fill.appended, "key \(fill.key): a fill gave its reader bytes that have not come")
            reader.ask()
        }
    }

    /// When nothing goes on in the store, a reader waits for the filler or for nothing.
    func checkFillReaders() throws(SimulationFailure) {
        for fill in fills {
            for reader in fill.readers {
                try check(
                    reader.isWaiting && reader.position >= fill.appended,
                    "key \(fill.key): the reader of a fill is left behind at \(reader.position) of \(fill.appended)"
                )
            }
        }
        try check(orphans.isEmpty, "the reader of a fill that was given up is never told")
    }
}

extension PendingFill {
    /// Nothing more comes.
    var isOver: Bool { writer.fill.end != nil }
}
