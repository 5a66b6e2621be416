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
/// Memory: 8 bytes a hash and the sets' room, for hot stripes and the few that are between reclaim and write.
struct SupersededRecords {
    private var byStripe: [Int: Set<UInt64>] = [:]
    /// How many stripes hold a hash.
    private var holders: [UInt64: Int] = [:]

    /// Hashes that are watched.
    var count: Int { holders.count }

    /// A record of this key is dead in a stripe.
    mutating func add(_ hash: KeyHash, in stripe: Int) {
        if byStripe[stripe, default: []].insert(hash.low).inserted { holders[hash.low, default: 0] += 1 }
    }

    /// Whether a dead record of this key may be on disk. Half of the hash is compared: a wrong yes costs one tombstone.
    func contains(_ hash: KeyHash) -> Bool { holders[hash.low] != nil }

    /// The stripe's bytes have been overwritten.
    mutating func forget(_ stripe: Int) {
        for hash in byStripe.removeValue(forKey: stripe) ?? [] {
            let left = (holders[hash] ?? 1) - 1
            holders[hash] = left == 0 ? nil : left
        }
    }
}
