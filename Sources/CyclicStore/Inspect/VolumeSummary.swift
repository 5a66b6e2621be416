// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a volume's superblock says of it. The hash secret is left out on purpose.
public struct VolumeSummary: Sendable, Hashable, Codable {
    /// Version of the format.
    public var formatVersion: UInt32
    /// 32 hexadecimal digits that name this formatting of the volume.
    public var volumeID: String
    /// Bytes of one stripe.
    public var stripeBytes: Int
    /// Stripes in the data region.
    public var stripeCount: Int
    /// Where stripe 0 begins, in bytes.
    public var dataOffset: Int
    /// Records begin at multiples of this, in bytes.
    public var recordAlignment: Int
    /// Seconds since 1970, when the volume was formatted.
    public var createdAtSeconds: UInt64
    /// The regions before stripe 0 that the volume has.
    public var regions: [RegionSummary]
    /// Bytes the volume needs.
    public var volumeBytes: Int
    /// Bytes the file or device has.
    public var deviceBytes: Int
    /// The superblock in the first page is whole.
    public var firstSuperblockIsIntact: Bool
    /// The superblock at the end of the first stripe's length is whole.
    public var secondSuperblockIsIntact: Bool

    /// The device has become smaller than the volume: a store would refuse it.
    public var isShrunk: Bool { deviceBytes < volumeBytes }

    init(_ copies: SuperblockReader.Copies, deviceBytes: Int) {
        let superblock = copies.superblock
        formatVersion = Superblock.currentVersion
        volumeID = superblock.volumeID.description
        stripeBytes = superblock.stripeBytes
        stripeCount = superblock.stripeCount
        dataOffset = superblock.dataOffset
        recordAlignment = superblock.recordAlignment
        createdAtSeconds = superblock.createdAtSeconds
        regions = superblock.regions.named.map { RegionSummary(name: $0, offset: $1.offset, byteCount: $1.byteCount) }
        volumeBytes = superblock.volumeBytes
        self.deviceBytes = deviceBytes
        firstSuperblockIsIntact = copies.firstIsIntact
        secondSuperblockIsIntact = copies.secondIsIntact
    }
}

/// A region of a volume.
public struct RegionSummary: Sendable, Hashable, Codable {
    /// `journal`, `statistics`, `footer-log` or `snapshot`.
    public var name: String
    /// Where it begins on the device, in bytes.
    public var offset: Int
    /// Its length in bytes.
    public var byteCount: Int
}

/// A volume and all its stripes.
public struct VolumeSurvey: Sendable, Hashable, Codable {
    /// The superblock.
    public var volume: VolumeSummary
    /// Every stripe in order of position.
    public var stripes: [StripeSummary]

    /// The stripe written last: the intact one with the highest sequence. Nil when there is none.
    public var newestStripe: Int? {
        stripes.filter { $0.verdict == .intact }.max { ($0.sequence ?? 0) < ($1.sequence ?? 0) }?.stripe
    }

    /// The position that a store would fill next.
    public var headStripe: Int { newestStripe.map { ($0 + 1) % stripes.count } ?? 0 }

    /// How many stripes have a verdict.
    public func count(_ verdict: StripeVerdict) -> Int { stripes.count { $0.verdict == verdict } }
}
