// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Members of locality groups that wait for one another, so that they can be written side by side. Lookups find them meanwhile.
///
/// A group is written when it has waited for a second, when it is as long as a read should be, or at a flush; the oldest is when all of
/// them together are too much memory. A group's members on different volumes are different runs.
final class Staging: @unchecked Sendable {
    /// A run of one group on one volume.
    struct Run {
        var group: UInt32
        /// The volume's number in the set.
        var home: Int
        var members: [Outgoing] = []
        var bytes = 0
        fileprivate var ticks = 0

        init(group: UInt32, home: Int, members: [Outgoing] = []) {
            self.group = group
            self.home = home
            self.members = members
        }
    }

    /// Longer runs cost more to read than they save.
    static let runBytes = 256 * 1024
    /// All runs together.
    static let maxBytes = 4 << 20
    /// A group waits as long for more.
    static let ticksToWait = 10

    private struct Name: Hashable {
        var group: UInt32
        var home: Int
    }

    private let lock = Lock()
    // Guarded by `lock`.
    private var runs: [Name: Run] = [:]
    /// Oldest first.
    private var order: [Name] = []
    private var bytes = 0

    /// Takes a member. What is to be written now.
    /// - Parameter runBytes: A limit below ``runBytes``, for small stripes.
    func add(_ member: Outgoing, home: Int, bytes count: Int, runBytes: Int) -> [Run] {
        lock.locked {
            let name = Name(group: member.group, home: home)
            var due: [Run] = []
            if let run = runs[name], run.bytes + count > runBytes { due.append(take(name)) }
            if runs[name] == nil {
                runs[name] = Run(group: member.group, home: home)
                order.append(name)
            }
            runs[name]?.members.append(member)
            runs[name]?.bytes += count
            bytes += count
            while bytes > Self.maxBytes, let oldest = order.first { due.append(take(oldest)) }
            return due
        }
    }

    /// A run for which there was no room waits again, for as long.
    func putBack(_ run: Run) {
        lock.locked {
            let name = Name(group: run.group, home: run.home)
            bytes += run.bytes
            if var newer = runs[name] {
                newer.members = run.members + newer.members
                newer.bytes += run.bytes
                runs[name] = newer
            } else {
                var again = run
                again.ticks = 0
                runs[name] = again
                order.insert(name, at: 0)
            }
        }
    }

    /// A tenth of a second has passed. What is to be written now.
    func tick() -> [Run] {
        lock.locked {
            guard !runs.isEmpty else { return [] }
            for name in order { runs[name]?.ticks += 1 }
            return order.filter { (runs[$0]?.ticks ?? 0) >= Self.ticksToWait }.map { take($0) }
        }
    }

    func takeAll() -> [Run] { lock.locked { order.map { take($0) } } }

    /// Bytes that wait.
    var stagedBytes: Int { lock.locked { bytes } }

    private func take(_ name: Name) -> Run {
        guard let run = runs.removeValue(forKey: name) else { return Run(group: name.group, home: name.home) }
        order.removeAll { $0 == name }
        bytes -= run.bytes
        return run
    }
}
