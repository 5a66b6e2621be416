// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What becomes of objects that leave memory.
extension CyclicStore {
    /// Does what follows from making room in memory.
    func settle(_ left: MemoryTier.Left) {
        for (hash, uses) in left.clean { volumes.volume(for: hash)?.addUses(uses, of: hash) }
        for leaving in left.dirty { depart(leaving) }
    }

    /// Whether an object that comes in fragments is stored: the uses that its records are written with, nil when it is not.
    func admission(of key: StoreKey, bytes: Int) -> UseClass? {
        guard let volume = volumes.volume(for: key.hash) else { return UseClass.none }
        return gate.streamed(key.hash, bytes: bytes, volume)
    }

    /// An object that no volume has leaves memory: written, with what is there of its group, or forgotten.
    private func depart(_ leaving: Outgoing) {
        guard let home = volumes.home(of: leaving.hash), gate.departure(leaving, volumes.members[home].volume) else {
            return memory.sent([leaving])
        }
        var members = [leaving]
        if leaving.group != 0 { members += memory.takeDirty(group: leaving.group, maxBytes: runBytes(home)) }
        send(members)
    }

    /// Writes objects of one group, those on one volume side by side.
    func send(_ leaving: [Outgoing]) {
        var byHome: [Int: [Outgoing]] = [:]
        for one in leaving {
            if let home = volumes.home(of: one.hash) { byHome[home, default: []].append(one) } else { memory.sent([one]) }
        }
        for home in byHome.keys.sorted() {
            if let members = byHome[home] { send(members, to: home) }
        }
    }

    /// Writes objects of one group side by side. Where there is no room at the moment they wait for it, and are still found; what is refused for
    /// another reason is forgotten.
    func send(_ members: [Outgoing], to home: Int) {
        if !departures.isWaiting(home) {
            guard let refusal = write(members, to: home), refusal.isPassing else { return memory.sent(members) }
        }
        guard departures.add(members, group: members.first?.group ?? 0, home: home) else { return memory.sent(members) }
        if departures.beginPump(home) { pump(home) }
    }

    /// Writes what waits for room on a volume until there is none.
    private func pump(_ home: Int) {
        var attempts = 0
        while let run = departures.next(home) {
            if let refusal = write(run.members, to: home), refusal.isPassing, attempts < Self.attemptsWithRoom {
                attempts += 1
                let key = run.members.first?.object.key
                if let key, whenRoom(for: key, { [weak self] in self?.pump(home) }) != nil { return }
                continue
            }
            attempts = 0
            departures.done(home)
            memory.sent(run.members)
        }
    }

    /// As above, but those that are refused are still found.
    func write(_ members: [Outgoing], to home: Int) -> RefusedWrite? {
        // Its serial on the volume is the old one: purges from before the stripe may be forgotten, so it is held against all of them now.
        let current = members.filter { judge($0.object, checked: $0.serial).verdict == .current }
        guard let group = current.first?.group else { return nil }
        do throws(RefusedWrite) {
            try volumes.members[home].volume.write(current, group: current.count > 1 ? group : 0)
            return nil
        } catch {
            if error == .volumeOffline { setAside(home) }
            return error
        }
    }

    /// How long a run of a group may be on a volume.
    func runBytes(_ home: Int) -> Int { min(Staging.runBytes, volumes.members[home].volume.recordCapacity / 2) }

    /// Writes groups that have waited; one for which there is no room waits again.
    func sendDue(_ runs: [Staging.Run]) {
        for run in runs {
            if let refusal = write(run.members, to: run.home), refusal.isPassing {
                staging.putBack(run)
            } else {
                memory.sent(run.members)
            }
        }
    }

    /// Writes groups one after the other, waits for room where there is none, and calls back when none is left.
    func drain(_ runs: [Staging.Run], _ completion: @escaping @Sendable () -> Void) {
        var left = runs[...]
        var attempts = 0
        while let run = left.first {
            if let refusal = write(run.members, to: run.home), refusal.isPassing, attempts < Self.attemptsWithRoom {
                let rest = Array(left)
                if let key = run.members.first?.object.key, whenRoom(for: key, { self.drain(rest, completion) }) != nil { return }
                attempts += 1
                continue
            }
            memory.sent(run.members)
            left = left.dropFirst()
            attempts = 0
        }
        completion()
    }

    /// As often a run is tried when there is said to be room: others may take it first.
    private static let attemptsWithRoom = 16

    /// For a stop: everything leaves memory, and what is written when it leaves is written; waits for room where there is none.
    func sendAll() async {
        guard gate.keepsDirty else { return }
        var groups: [UInt32: [Outgoing]] = [:]
        for one in memory.takeAllDirty() {
            guard let volume = volumes.volume(for: one.hash), gate.departure(one, volume) else {
                memory.sent([one])
                continue
            }
            groups[one.group, default: []].append(one)
        }
        for (group, members) in groups {
            for run in runs(of: members, sideBySide: group != 0) {
                await withCheckedContinuation { continuation in
                    drain([Staging.Run(group: group, home: run.home, members: run.members)]) { continuation.resume() }
                }
            }
        }
    }

    private func runs(of members: [Outgoing], sideBySide: Bool) -> [(home: Int, members: [Outgoing])] {
        var runs: [(home: Int, members: [Outgoing], bytes: Int)] = []
        for one in members {
            guard let home = volumes.home(of: one.hash) else { continue }
            let bytes = one.object.payloadByteCount + one.object.metadataByteCount
            if sideBySide, let last = runs.lastIndex(where: { $0.home == home }), runs[last].bytes + bytes <= runBytes(home) {
                runs[last].members.append(one)
                runs[last].bytes += bytes
            } else {
                runs.append((home, [one], bytes))
            }
        }
        return runs.map { ($0.home, $0.members) }
    }
}

extension RefusedWrite {
    /// Only for want of room at this moment.
    var isPassing: Bool { self == .noMembuf || self == .noCleanStripe }
}
