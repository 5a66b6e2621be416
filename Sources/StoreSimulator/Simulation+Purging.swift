// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Synchronization

/// A purge that has not been acknowledged.
final class PendingPurge: Sendable {
    let keys: [Int]
    let isSoft: Bool
    let began: StoreModel.Tick
    private let outcomes = Mutex<[PurgeOutcome]>([])

    init(keys: [Int], isSoft: Bool, began: StoreModel.Tick) {
        self.keys = keys
        self.isSoft = isSoft
        self.began = began
    }

    var answers: [PurgeOutcome] { outcomes.withLock { $0 } }
    func answer(_ outcome: PurgeOutcome) { outcomes.withLock { $0.append(outcome) } }
}

extension Simulation {
    static let tagCount = 5

    /// Every object has one tag.
    func tag(of key: Int) -> UInt64 { store.tag(Self.tagName(key % Self.tagCount)) }

    private static func tagName(_ number: Int) -> [UInt8] { Array("tag-\(number)".utf8) }

    /// A purge of a key, a tag, a prefix, or now and then of everything.
    func purge(_ key: Int) throws(SimulationFailure) {
        report.operations += 1
        let isSoft = random.oneIn(3)
        let scope: PurgeScope
        let purged: [Int]
        switch random.below(12) {
        case 0..<6: (scope, purged) = (.key(keys[key]), [key])
        case 6..<9:
            let number = random.below(Self.tagCount)
            scope = .tag(Self.tagName(number))
            purged = keys.indices.filter { $0 % Self.tagCount == number }
        case 9, 10:
            let site = random.below(3)
            let start = Array("http://site-\(site).example/".utf8)
            scope = .prefix(start)
            purged = keys.indices.filter { keys[$0].bytes.starts(with: start) }
        default: (scope, purged) = (.everything, Array(keys.indices))
        }
        let pending = PendingPurge(keys: purged, isSoft: isSoft, began: model.now + 1)
        store.purge(scope, mode: isSoft ? .soft : .hard) { pending.answer($0) }
        if pending.answers == [.refused] { return report.mix(9) }
        _ = model.purge(purged, isSoft: isSoft)
        for key in purged { trace(key, "purge, \(isSoft ? "soft" : "hard"), of \(scope)") }
        purges.append(pending)
        try settlePurges()
    }

    /// Looks at which have been acknowledged since.
    func settlePurges() throws(SimulationFailure) {
        for purge in purges {
            guard let outcome = purge.answers.first else { continue }
            try check(purge.answers.count == 1, "a purge was answered \(purge.answers.count) times")
            switch outcome {
            case .durable:
                model.purgeIsDurable(purge.keys, isSoft: purge.isSoft, purge.began)
                if !isEveryVolumeThere { purgesAreEverywhere = false }
                report.purges += 1
                for key in purge.keys { trace(key, "the purge of tick \(purge.began) is durable") }
            case .notDurable: try check(settings.profile >= .failing || world.power.isOff, "a purge failed with nothing in the way")
            case .memoryOnly, .refused: throw failure("a purge ended as \(outcome.rawValue)")
            }
        }
        purges.removeAll { !$0.answers.isEmpty }
    }

    var isEveryVolumeThere: Bool {
        let volumes = store.statistics.volumes
        return volumes.count == world.volumeCount && !volumes.contains { $0.statistics.isOffline }
    }
}
