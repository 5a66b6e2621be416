// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the volume makes room: decided by small values that are given facts and answer; the mechanism is the volume's.
public enum Replacement: Hashable, Sendable {
    /// First in, first out: everything is written, what the head reaches is forgotten, nothing is carried forward. Weakness: what is
    /// asked for all the time is fetched anew in every turn.
    case cyclic
    /// The ancestor's (COSS, the Cyclic Object Storage System of Squid): everything is written, and a record read from the disk is
    /// copied to the head when more than this percentage of the stripes was written since the record was. 0 is a least-recently-used
    /// order on the disk, 100 is ``cyclic``. Weakness: hits write, so the writes grow with the hit ratio, and the dead copies left behind
    /// take up the room of live ones.
    case relocateOnHit(percent: Int)
    /// Gyre's own: admission in memory, hits never write, relocation at reclaim of what was used enough, stripes that are hot throughout
    /// stay where they are. How much is enough is set while it runs, by small sampled shadow caches.
    case gyre

    /// The ancestor's default percentage.
    public static let defaultPercent = 50
}

extension Replacement: CustomStringConvertible, LosslessStringConvertible {
    /// As in a configuration: `cyclic`, `relocate-on-hit=50`, `gyre`.
    public var description: String {
        switch self {
        case .cyclic: "cyclic"
        case .relocateOnHit(let percent): "relocate-on-hit=\(percent)"
        case .gyre: "gyre"
        }
    }

    /// Reads what ``description`` writes; `relocate-on-hit` alone has the ancestor's 50. Nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "cyclic": self = .cyclic
        case "gyre": self = .gyre
        case "relocate-on-hit": self = .relocateOnHit(percent: Self.defaultPercent)
        default:
            let prefix = "relocate-on-hit="
            guard text.hasPrefix(prefix) else { return nil }
            let digits = text.dropFirst(prefix.count)
            guard digits.allSatisfy({ ("0"..."9").contains($0) }), let percent = Int(digits), percent <= 100 else { return nil }
            self = .relocateOnHit(percent: percent)
        }
    }
}
