// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// The kinds of what a world did to a store. Raw values are stable short names.
public enum SimulatedFault: String, Sendable, CaseIterable {
    /// The engine held an operation back, and others overtook it.
    case stall
    /// The engine had no room for an operation.
    case refusal
    /// The process was killed.
    case kill
    /// The power failed.
    case powerLoss = "power-loss"
    /// A read failed.
    case readError = "read-error"
    /// A read ended early.
    case shortRead = "short-read"
    /// A read came with one bit flipped; the medium was unharmed.
    case readFlip = "read-flip"
    /// A read brought the bytes of another place.
    case misdirectedRead = "misdirected-read"
    /// A write failed, having written any part.
    case writeError = "write-error"
    /// A write found no space.
    case noSpace = "no-space"
    /// A write reached the medium with one bit flipped.
    case writeFlip = "write-flip"
    /// A write was done at another place.
    case misdirectedWrite = "misdirected-write"
    /// A write was said to be done and was not.
    case lostWrite = "lost-write"
    /// A write was under way when the process ended, and done in part.
    case tornWrite = "torn-write"
    /// A sync failed.
    case syncError = "sync-error"
    /// A write that was not synced was lost.
    case unsyncedLost = "unsynced-lost"
    /// A bit flipped on the medium.
    case bitRot = "bit-rot"
    /// An operation on a device without power, or that died.
    case dead
    /// While the store was away an empty device came in the place of one.
    case exchange
    /// While the store was away a device came back that had been there before.
    case olderDevice = "older-device"
    /// A device was smaller when it came back.
    case shrunk
    /// Both marks of a volume were damaged.
    case marksDamaged = "marks-damaged"
    /// An empty device came in the place of one while the store used it.
    case exchangeInUse = "exchange-in-use"
    /// A device that had died was there again while the store ran.
    case revival
    /// The store was configured with a volume more or less than before.
    case membership

    /// Others than a stall or a refusal, which no store should so much as notice.
    public var isGrave: Bool { self != .stall && self != .refusal }

    init(_ fault: SimulatedDevice.Fault) {
        self =
            switch fault {
            case .readError: .readError
            case .shortRead: .shortRead
            case .readFlip: .readFlip
            case .misdirectedRead: .misdirectedRead
            case .writeError: .writeError
            case .noSpace: .noSpace
            case .writeFlip: .writeFlip
            case .misdirectedWrite: .misdirectedWrite
            case .lostWrite: .lostWrite
            case .tornWrite: .tornWrite
            case .syncError: .syncError
            case .unsyncedLost: .unsyncedLost
            case .bitRot: .bitRot
            case .dead: .dead
            }
    }
}

/// How often each happened.
public struct FaultCounts: Sendable, Hashable {
    private var counts = [Int](repeating: 0, count: SimulatedFault.allCases.count)

    private static let slots: [SimulatedFault: Int] = Dictionary(
        uniqueKeysWithValues: SimulatedFault.allCases.enumerated().map { ($1, $0) }
    )

    init() {}

    /// Faults of one kind.
    public subscript(kind: SimulatedFault) -> Int { counts[Self.slots[kind] ?? 0] }

    /// Faults of all kinds.
    public var total: Int { counts.reduce(0, +) }
    /// Those that were more than a stall or a refusal.
    public var grave: Int { total - self[.stall] - self[.refusal] }

    /// Every kind that there was, the most frequent first.
    public var ranked: [(kind: SimulatedFault, count: Int)] {
        SimulatedFault.allCases.map { ($0, self[$0]) }.filter { $0.1 > 0 }.sorted { ($1.1, $0.0.rawValue) < ($0.1, $1.0.rawValue) }
    }

    mutating func add(_ kind: SimulatedFault, _ count: Int = 1) { counts[Self.slots[kind] ?? 0] += count }

    mutating func add(_ device: SimulatedDevice.Counts) {
        for fault in SimulatedDevice.Fault.allCases { add(SimulatedFault(fault), device.count(fault)) }
    }

    static func += (sum: inout FaultCounts, other: FaultCounts) {
        for slot in sum.counts.indices { sum.counts[slot] += other.counts[slot] }
    }
}
