// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Objects that left memory for a volume that had no room at that moment: they wait, and are found meanwhile, until a membuf is free. Bounded: what
/// does not fit is forgotten and counted, like an object that was not admitted.
final class Departures: @unchecked Sendable {
    /// Bytes of objects that wait, of all volumes.
    let maxBytes: Int

    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting: [Int: [Staging.Run]] = [:]
    private var pumped: Set<Int> = []
    private var bytes = 0
    private var dropped = 0
    private var emptyWaiters: [@Sendable () -> Void] = []

    /// - Parameter memoryBytes: The memory tier's size: a sixteenth of it may wait here.
    init(memoryBytes: Int) { maxBytes = max(1 << 20, min(64 << 20, memoryBytes / 16)) }

    /// Takes objects of one group. False: there is no room for them.
    func add(_ members: [Outgoing], group: UInt32, home: Int) -> Bool {
        let count = Self.bytes(of: members)
        return lock.locked {
            guard bytes + count <= maxBytes else {
                dropped += members.count
                return false
            }
            bytes += count
            waiting[home, default: []].append(Staging.Run(group: group, home: home, members: members))
            return true
        }
    }

    /// Whether somebody writes a volume's objects already; if not, the caller does from now on.
    func beginPump(_ home: Int) -> Bool { lock.locked { pumped.insert(home).inserted } }

    /// The objects that have waited longest for a volume; nil when none do, and then the pump has ended.
    func next(_ home: Int) -> Staging.Run? {
        lock.locked {
            guard let first = waiting[home]?.first else {
                pumped.remove(home)
                return nil
            }
            return first
        }
    }

    /// They have been written, or given up.
    func done(_ home: Int) {
        lock.locked {
            guard let run = waiting[home]?.removeFirst() else { return }
            bytes -= Self.bytes(of: run.members)
            if waiting[home]?.isEmpty == true { waiting[home] = nil }
        }
        tellIfEmpty()
    }

    /// Calls back once when nothing waits, at once if that is so now.
    func whenEmpty(_ callback: @escaping @Sendable () -> Void) {
        lock.locked { emptyWaiters.append(callback) }
        tellIfEmpty()
    }

    private func tellIfEmpty() {
        let told = lock.locked { () -> [@Sendable () -> Void] in
            guard waiting.isEmpty else { return [] }
            defer { emptyWaiters = [] }
            return emptyWaiters
        }
        for tell in told { tell() }
    }

    /// Whether a volume's objects wait: what leaves after them waits behind them.
    func isWaiting(_ home: Int) -> Bool { lock.locked { waiting[home] != nil } }

    /// Bytes that wait, and objects that found no room to.
    var counts: (bytes: Int, dropped: Int) { lock.locked { (bytes, dropped) } }

    private static func bytes(of members: [Outgoing]) -> Int {
        members.reduce(0) { $0 + $1.object.payloadByteCount + $1.object.metadataByteCount + $1.object.key.bytes.count }
    }
}
