// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import Synchronization

/// Moments before which responses are no longer valid: purges and invalidations, compared at lookup (RFC 9111 §4.4, RFC 9875).
///
/// Nothing is searched for, so a purge costs the same for ten responses and ten million. A response counts as old as the request that
/// brought it or last validated it: one that was under way when the purge came does not come back with what was purged.
/// Bounded: marks for URLs that are older than any fetch go first, since those responses were also removed; then a mark for everything.
final class PurgeMarks: Sendable {
    /// What a mark says about a response.
    enum Verdict {
        case current
        /// To be validated before use.
        case stale
        case gone
    }

    private struct Epochs {
        var hard = Timestamp.distantPast
        var soft = Timestamp.distantPast

        mutating func raise(_ isSoft: Bool, to now: Timestamp) {
            if isSoft { soft = max(soft, now) } else { hard = max(hard, now) }
        }

        mutating func raise(to other: Epochs) {
            hard = max(hard, other.hard)
            soft = max(soft, other.soft)
        }

        var newest: Timestamp { max(hard, soft) }
    }

    private struct State {
        var keys: [[UInt8]: Epochs] = [:]
        var tags: [[UInt8]: Epochs] = [:]
        var prefixes: [(bytes: [UInt8], epochs: Epochs)] = []
        var everything = Epochs()
    }

    static let maxKeys = 65_536
    static let maxTags = 262_144
    static let maxPrefixes = 1024
    /// No fetch takes longer.
    private static let oldestFetchSeconds: Int64 = 3600

    private let state = Mutex(State())
    private let marks = Atomic<UInt64>(0)
    private let newest = Atomic<Int64>(.min)

    /// How many marks were made so far. A response that was found current at this number needs no check. One relaxed load.
    var version: UInt64 { marks.load(ordering: .relaxed) }

    func mark(_ subject: PurgeSubject, soft isSoft: Bool, now: Timestamp) {
        state.withLock { state in
            switch subject {
            case .key(let key):
                if state.keys.count >= Self.maxKeys {
                    let oldest = now.adding(seconds: -Self.oldestFetchSeconds)
                    // Soft ones were not removed from the store, and stay.
                    state.keys = state.keys.filter { $0.value.newest > oldest || $0.value.soft > .distantPast }
                    if state.keys.count >= Self.maxKeys {
                        state.keys = [:]
                        state.everything.raise(false, to: now)
                    }
                }
                state.keys[key, default: Epochs()].raise(isSoft, to: now)
            case .tag(let tag):
                if state.tags.count >= Self.maxTags {
                    state.tags = [:]
                    state.everything.raise(false, to: now)
                }
                state.tags[tag, default: Epochs()].raise(isSoft, to: now)
            case .prefix(let prefix):
                if let index = state.prefixes.firstIndex(where: { $0.bytes == prefix }) {
                    state.prefixes[index].epochs.raise(isSoft, to: now)
                } else if state.prefixes.count >= Self.maxPrefixes {
                    state.prefixes = []
                    state.everything.raise(false, to: now)
                } else {
                    var epochs = Epochs()
                    epochs.raise(isSoft, to: now)
                    state.prefixes.append((prefix, epochs))
                }
            case .everything:
                state.everything.raise(isSoft, to: now)
            }
        }
        if now.milliseconds > newest.load(ordering: .relaxed) { newest.store(now.milliseconds, ordering: .relaxed) }
        marks.add(1, ordering: .releasing)
    }

    /// The time of a request that is sent now: after every mark, also where the clock has not moved on since.
    func requestTime(now: Timestamp) -> Timestamp {
        let newest = newest.load(ordering: .relaxed)
        // A clock that went back is not made up for: then what is fetched counts as older, and is fetched again.
        return newest == now.milliseconds ? now.adding(milliseconds: 1) : now
    }

    /// What the marks say about a response to a request at `requestTime`.
    func verdict(primaryKey: [UInt8], tags: [[UInt8]], requestTime: Timestamp) -> Verdict {
        guard version > 0 else { return .current }
        let primaryKey = RequestKey.withoutParts(primaryKey)
        return state.withLock { state in
            var epochs = state.everything
            if let found = state.keys[primaryKey] { epochs.raise(to: found) }
            for tag in tags { if let found = state.tags[tag] { epochs.raise(to: found) } }
            for prefix in state.prefixes where primaryKey.starts(with: prefix.bytes) { epochs.raise(to: prefix.epochs) }
            if epochs.hard >= requestTime { return .gone }
            return epochs.soft >= requestTime ? .stale : .current
        }
    }
}

/// What is purged, as the cache names it.
enum PurgeSubject: Hashable, Sendable {
    /// A URL's primary key: the response, or all its variants.
    case key([UInt8])
    case tag([UInt8])
    case prefix([UInt8])
    case everything

    /// The tag of a cache group of an origin (RFC 9875 §2), apart from all other tags.
    static func group(_ name: String, origin: [UInt8]) -> [UInt8] { Array("group\n".utf8) + origin + Array("\n\(name)".utf8) }

    /// The tag of all that is stored for a URL.
    static func url(_ key: [UInt8]) -> [UInt8] {
        var name: [UInt8] = []
        name.reserveCapacity(4 + key.count)
        name.append(contentsOf: "url\n".utf8)
        name.append(contentsOf: key[..<RequestKey.endOfTarget(key)])
        return name
    }

    /// What the store is told to know a response by: its URL, and its tags as far as there is room.
    static func storeTags(of head: StoredHead, primaryKey: [UInt8], _ store: CyclicStore) -> [UInt64] {
        let own = store.tag(url(primaryKey))
        let others = tags(of: head, primaryKey: primaryKey)
        return others.isEmpty ? [own] : [own] + others.prefix(Limits.maxTags - 1).map { store.tag($0) }
    }

    /// The tags of a response: those of its own fields, and its groups.
    static func tags(of head: StoredHead, primaryKey: [UInt8]) -> [[UInt8]] {
        var isTagged = false
        for index in head.fields.indices {
            switch head.fields.canonicalName(index) {
            case "surrogate-key", "cache-tag", "cache-groups": isTagged = true
            default: break
            }
        }
        guard isTagged else { return [] }
        let groups = CacheGroups.groups(of: head.fields)
        guard !groups.isEmpty else { return PurgeTags.tags(of: head.fields) }
        let origin = originBytes(of: primaryKey)
        return PurgeTags.tags(of: head.fields) + groups.map { group($0, origin: origin) }
    }

    /// The scheme and authority that a key begins with.
    private static func originBytes(of key: [UInt8]) -> [UInt8] {
        guard let colon = key.firstIndex(of: 0x3a), colon + 3 < key.count else { return [] }
        let end = key[(colon + 3)...].firstIndex(of: 0x2f) ?? key.endIndex
        return Array(key[..<end])
    }
}
