// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a volume's superblock says of it. The hash secret is left out on purpose.
package struct VolumeSummary: Sendable, Hashable, Codable {
    /// Version of the format.
    package var formatVersion: UInt32
    /// 32 hexadecimal digits that name this formatting of the volume.
    package var volumeID: String
    /// Bytes of one stripe.
    package var stripeBytes: Int
    /// Stripes in the data region.
    package var stripeCount: Int
    /// Where stripe 0 begins, in bytes.
    package var dataOffset: Int
    /// Records begin at multiples of this, in bytes.
    package var recordAlignment: Int
    /// Seconds since 1970, when the volume was formatted.
    package var createdAtSeconds: UInt64
    /// The regions before stripe 0 that the volume has.
    package var regions: [RegionSummary]
    /// Bytes the volume needs.
    package var volumeBytes: Int
    /// Bytes the file or device has.
    package var deviceBytes: Int
    /// The superblock in the first page is whole.
    package var firstSuperblockIsIntact: Bool
    /// The superblock at the end of the first stripe's length is whole.
    package var secondSuperblockIsIntact: Bool

    /// The device has become smaller than the volume: a store would refuse it.
    package var isShrunk: Bool { deviceBytes < volumeBytes }

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
package struct RegionSummary: Sendable, Hashable, Codable {
    /// `journal`, `statistics`, `footer-log`, `snapshot` or `marks`.
    package var name: String
    /// Where it begins on the device, in bytes.
    package var offset: Int
    /// Its length in bytes.
    package var byteCount: Int
}

/// A volume and all its stripes.
package struct VolumeSurvey: Sendable, Hashable, Codable {
    /// The superblock.
    package var volume: VolumeSummary
    /// Every stripe in order of position.
    package var stripes: [StripeSummary]

    /// The stripe written last: the intact one with the highest sequence. Nil when there is none.
    package var newestStripe: Int? {
        stripes.filter { $0.verdict == .intact }.max { ($0.sequence ?? 0) < ($1.sequence ?? 0) }?.stripe
    }

    /// The position that a store would fill next.
    package var headStripe: Int { newestStripe.map { ($0 + 1) % stripes.count } ?? 0 }

    /// How many stripes have a verdict.
    package func count(_ verdict: StripeVerdict) -> Int { stripes.count { $0.verdict == verdict } }
}
