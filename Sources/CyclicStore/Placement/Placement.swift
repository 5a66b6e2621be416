// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which volume a key's records belong on: weighted rendezvous hashing.
///
/// Each volume draws a number for the key, and the best draw has it (Thaler and Ravishankar, "Using name-based mappings to increase hit
/// rates", IEEE/ACM ToN 1998). With the draw −w / ln u, for u uniform from key and volume and w its weight, a volume gets its share of the
/// weights (Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005). A draw depends on nothing but key, volume and weight:
/// when a volume goes only its keys move, when one comes keys move only to it.
///
/// Integers throughout, so that every machine and every build comes to the same answer: a record that another answer put elsewhere would
/// be lost. Constant time for one volume, some nanoseconds for each of several.
struct Placement: Hashable, Sendable {
    /// More volumes than any machine has disks.
    static let maxVolumes = 64

    /// A volume and its share: weights of one placement count against each other.
    struct Member: Hashable, Sendable {
        var volume: VolumeID
        /// At least 1.
        var weight: UInt32

        init(volume: VolumeID, weight: UInt32) {
            self.volume = volume
            self.weight = max(1, weight)
        }

        /// The weight for a volume of a size: its MiB.
        init(volume: VolumeID, volumeBytes: Int) {
            self.init(volume: volume, weight: UInt32(clamping: volumeBytes >> 20))
        }
    }

    let members: [Member]

    init(_ members: [Member]) { self.members = members }

    /// The position in ``members`` of the volume that has a key; nil when there is none.
    /// - Parameter excluded: One bit for each position that does not count.
    func home(of hash: KeyHash, excluding excluded: UInt64 = 0) -> Int? {
        if members.count == 1, excluded & 1 == 0 { return 0 }
        var best: (position: Int, weight: UInt64, cost: UInt64)?
        for position in members.indices where excluded >> UInt64(position) & 1 == 0 {
            let member = members[position]
            let (weight, cost) = (UInt64(member.weight), Self.cost(hash, member.volume))
            guard let leader = best else {
                best = (position, weight, cost)
                continue
            }
            // weight / cost against leader.weight / leader.cost
            let mine = weight.multipliedFullWidth(by: leader.cost)
            let theirs = leader.weight.multipliedFullWidth(by: cost)
            if (mine.high, mine.low) == (theirs.high, theirs.low) {
                // Never by position: the order of the members is not the same for all.
                if Self.precedes(member.volume, members[leader.position].volume) { best = (position, weight, cost) }
            } else if (mine.high, mine.low) > (theirs.high, theirs.low) {
                best = (position, weight, cost)
            }
        }
        return best?.position
    }

    /// The volume that has a key.
    func volume(of hash: KeyHash) -> VolumeID? { home(of: hash).map { members[$0].volume } }

    private static func precedes(_ one: VolumeID, _ other: VolumeID) -> Bool { (one.word0, one.word1) < (other.word0, other.word1) }

    /// −log2 u in units of 2^-48, at least 1. The base does not matter, since all volumes have the same.
    private static func cost(_ hash: KeyHash, _ volume: VolumeID) -> UInt64 {
        let drawn = mix(mix(hash.high ^ volume.word0) &+ (hash.low ^ volume.word1)) | 1
        return max(1, (64 << Log2Table.fractionBits) - Log2Table.shared.log2(drawn))
    }

    /// The finalizer of SplitMix64: every bit of the input changes each bit of the result with one chance in two.
    private static func mix(_ word: UInt64) -> UInt64 {
        var mixed = word &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Logarithms without floating point, exact to about 2·10⁻⁷: a table of 1025 values, straight lines between them.
struct Log2Table: Sendable {
    static let fractionBits: UInt64 = 48
    static let shared = Log2Table()

    private let values: [UInt64]

    private init() { values = (0...1024).map { Self.exactLog2(numerator: 1024 + UInt64($0)) } }

    /// log2 of a number that is at least 1, in units of 2^-48.
    func log2(_ number: UInt64) -> UInt64 {
        let exponent = UInt64(63 - number.leadingZeroBitCount)
        // What follows the leading one, moved to the top: as a shift by 64 gives 0, one is one.
        let fraction = number << (64 - exponent)
        let index = Int(fraction >> 54)
        let (low, high) = (values[index], values[index + 1])
        let between = (high - low).multipliedFullWidth(by: fraction << 10).high
        return exponent << Self.fractionBits + low + between
    }

    /// log2(numerator / 1024) for 1024...2048, bit by bit: squaring doubles a logarithm.
    private static func exactLog2(numerator: UInt64) -> UInt64 {
        if numerator == 2048 { return 1 << fractionBits }
        // In units of 2^-62, below 2.
        var value = numerator << 52
        var result: UInt64 = 0
        for _ in 0..<fractionBits {
            let square = value.multipliedFullWidth(by: value)
            value = square.high << 2 | square.low >> 62
            result <<= 1
            if value >= 1 << 63 {
                value >>= 1
                result |= 1
            }
        }
        return result
    }
}
