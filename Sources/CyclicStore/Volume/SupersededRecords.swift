// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Records on disk that must not come back: a newer word on their key has been written, and it may be overwritten before they are.
///
/// In a plain turn what is older is overwritten first, so whatever a restart finds is the last word. Three things break the order: a hot
/// stripe stays while newer ones come and go; a stripe that was taken back keeps its old bytes until its membuf is written; and with
/// several membufs open at once a newer record can land in the stripe with the lower sequence. For all of them the hashes are kept here while
/// the bytes are on disk, and whoever drops the last word on such a key leaves a tombstone behind. (What a hot stripe holds is looked through
/// each time the tail comes by, which is at least once before the tail comes to a newer word.)
///
/// A stripe that has been overwritten counts until a sync: a loss of power may leave what it held before, and bring what was written later.
///
/// Memory: 8 bytes a hash and the sets' room, for hot stripes and the few that are between reclaim and write.
struct SupersededRecords {
    private var byStripe: [Int: Set<UInt64>] = [:]
    /// How many stripes hold a hash.
    private var holders: [UInt64: Int] = [:]
    private var retiredCount = 0

    /// Hashes that are watched.
    var count: Int { holders.count }

    /// A record of this key is dead in a stripe.
    mutating func add(_ hash: KeyHash, in stripe: Int) {
        if byStripe[stripe, default: []].insert(hash.low).inserted { holders[hash.low, default: 0] += 1 }
    }

    /// Whether a dead record of this key may be on disk. Half of the hash is compared: a wrong yes costs one tombstone.
    func contains(_ hash: KeyHash) -> Bool { holders[hash.low] != nil }

    /// The stripe has been overwritten, and not synced. Records of what it holds now are counted anew.
    /// - Returns: What stands for its former bytes, to be forgotten when they are gone for good; nil when nothing in it was watched.
    mutating func retire(_ stripe: Int) -> Retired? {
        guard let hashes = byStripe.removeValue(forKey: stripe) else { return nil }
        retiredCount += 1
        // No stripe has a number like this.
        byStripe[-retiredCount] = hashes
        return Retired(number: -retiredCount)
    }

    /// Checks that nothing is kept for what is gone: sets for stripes there are, and for former bytes of stripes that are not synced.
    func checkInvariants(stripeCount: Int, unsynced: Int) {
        precondition(byStripe.keys.allSatisfy { $0 < stripeCount })
        precondition(byStripe.keys.count { $0 < 0 } <= unsynced, "former bytes are watched for ever")
        let watched = byStripe.values.reduce(0) { $0 + $1.count }
        precondition(watched == holders.values.reduce(0, +), "a hash is watched for no stripe")
    }

    struct Retired: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// The former bytes are gone.
    mutating func forget(_ retired: Retired) {
        for hash in byStripe.removeValue(forKey: retired.number) ?? [] {
            let left = (holders[hash] ?? 1) - 1
            holders[hash] = left == 0 ? nil : left
        }
    }
}
