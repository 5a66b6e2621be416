// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

/// A purger on small disks that hold nothing but a journal, and a model of what it owes.
final class PurgeRig: @unchecked Sendable {
    static let secret = HashSecret(word0: 5, word1: 6)
    static let minBytes = 2 * JournalCycle.minPagesPerHalf * JournalPage.byteCount

    var disks: [TearingDevice]
    private(set) var engine = SteppedEngine(seed: 1)
    private(set) var purger: Purger
    private(set) var opened: Purger.Opened
    let failures = Mutex<[VolumeID]>([])
    private let clock: Counter
    private var answers: [UInt64: Answer] = [:]
    /// Every purge that was taken.
    private(set) var purges: [(scope: PurgeScope, mode: PurgeMode, serial: UInt64)] = []

    /// Serials and random words, both from a counter.
    final class Counter: Sendable {
        private let value: Atomic<UInt64>
        init(_ start: UInt64) { value = Atomic(start) }
        func next() -> UInt64 { value.wrappingAdd(1, ordering: .relaxed).newValue }
        var latest: UInt64 { value.load(ordering: .relaxed) }
    }

    init(disks: [TearingDevice], clock: Counter = Counter(1000)) {
        self.disks = disks
        self.clock = clock
        opened = Self.open(disks, clock, engine) { _ in }
        purger = opened.purger
    }

    convenience init(volumes: Int = 1, journalBytes: Int = minBytes) {
        self.init(disks: (0..<volumes).map { _ in TearingDevice(byteCount: journalBytes) })
    }

    static func id(_ number: Int) -> VolumeID { VolumeID(word0: UInt64(number) + 1, word1: 77) }

    /// `nil` disks are away.
    static func open(
        _ disks: [(any BlockDevice)?],
        _ clock: Counter,
        _ engine: any IOEngine,
        onFailure: @escaping @Sendable (VolumeID) -> Void = { _ in }
    ) -> Purger.Opened {
        let volumes = disks.enumerated().compactMap { number, disk in
            disk.map {
                Purger.Volume(
                    id: id(number),
                    weight: 100,
                    device: $0,
                    engine: engine,
                    syncs: DeviceSyncs(device: $0, engine: engine),
                    journal: VolumeRegion(offset: 0, byteCount: $0.byteCount)
                )
            }
        }
        return Purger.open(
            volumes,
            secret: secret,
            nextSerial: { clock.next() },
            advance: { _ in },
            entropy: { SeededRandom.word(clock.next()) },
            onFailure: onFailure
        )
    }

    /// Opens what is on the disks; `present` names those that are there, nil all.
    func reopen(present: Set<Int>? = nil) {
        engine = SteppedEngine(seed: clock.latest)
        let there = disks.enumerated().map { present?.contains($0) ?? true ? $1 : nil }
        opened = Self.open(there, clock, engine) { [weak self] volume in self?.failures.withLock { $0.append(volume) } }
        purger = opened.purger
    }

    /// Power loss for all disks, and a start.
    func crash(_ keeps: (Int) -> Bool) {
        engine.dropAll()
        disks = disks.map { $0.afterCrash(keeps) }
        reopen()
    }

    @discardableResult
    func purge(_ scope: PurgeScope, _ mode: PurgeMode = .hard) -> UInt64? {
        let answer = Answer()
        guard let serial = purger.purge(scope, mode, { answer.set($0) }) else { return nil }
        purges.append((scope, mode, serial))
        answers[serial] = answer
        return serial
    }

    private final class Answer: Sendable {
        private let outcome = Mutex<PurgeOutcome?>(nil)
        var value: PurgeOutcome? { outcome.withLock { $0 } }
        func set(_ value: PurgeOutcome) { outcome.withLock { $0 = value } }
    }

    func outcome(_ serial: UInt64?) -> PurgeOutcome? { serial.flatMap { answers[$0]?.value } }
    var acknowledged: Int { answers.values.count(where: { $0.value == .durable }) }
    func nextSerial() -> UInt64 { clock.next() }

    static func key(_ text: String) -> StoreKey {
        let bytes = Array(text.utf8)
        return StoreKey(hash: bytes.withUnsafeBytes { secret.hash($0) }, bytes: bytes)
    }

    /// Every purge that was acknowledged still holds. Returns how many there were.
    @discardableResult
    func check(_ what: String, _ sourceLocation: SourceLocation = #_sourceLocation) -> Int {
        var checked = 0
        for (scope, mode, serial) in purges where outcome(serial) == .durable {
            checked += 1
            let verdict: PurgeVerdict
            switch scope {
            case .key(let key): verdict = purger.verdict(serial: serial - 1, key: key)
            case .tag(let tag): verdict = purger.verdict(serial: serial - 1, key: Self.key("?"), tags: [Self.secret.tagHash(tag)])
            case .prefix(let prefix):
                verdict = purger.verdict(serial: serial - 1, key: Self.key(String(decoding: prefix, as: UTF8.self) + "…"))
            case .everything: verdict = purger.verdict(serial: serial - 1, key: Self.key("?"))
            }
            let holds = verdict == .gone || (mode == .soft && verdict == .stale)
            if !holds { Issue.record("\(what): the \(mode) purge \(serial) was undone", sourceLocation: sourceLocation) }
        }
        return checked
    }
}

extension SeededRandom {
    static func word(_ seed: UInt64) -> UInt64 {
        var random = SeededRandom(seed: seed)
        return random.next()
    }
}
