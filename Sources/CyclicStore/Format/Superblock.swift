// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The first page of a volume, kept twice. `docs/store-format.md` gives the bytes.
package struct Superblock: Hashable, Sendable {
    /// The one version this code reads and writes.
    package static let currentVersion: UInt32 = 2
    static let byteCount = Limits.pageBytes
    static let magic: UInt64 = 0x314c_4f56_4552_5947  // "GYREVOL1"

    /// Which formatting of the volume this is.
    package var volumeID: VolumeID
    /// Keys the hash of every key in the store.
    package var secret: HashSecret
    /// Bytes of one stripe.
    package var stripeBytes: Int
    /// Stripes in the data region.
    package var stripeCount: Int
    /// Where stripe 0 begins.
    package var dataOffset: Int
    /// Records begin at multiples of this.
    package var recordAlignment: Int
    /// Seconds since 1970, when the volume was formatted.
    package var createdAtSeconds: UInt64
    /// What lies before stripe 0.
    package var regions: VolumeRegions

    /// Bytes of the whole volume.
    package var volumeBytes: Int { dataOffset + stripeCount * stripeBytes }

    /// Where the second copy lies.
    var secondCopyOffset: Int { stripeBytes - Self.byteCount }

    /// Byte offset of a stripe.
    func offset(of stripe: Int) -> Int { dataOffset + stripe * stripeBytes }

    func encode(into page: UnsafeMutableRawBufferPointer) {
        page.zero()
        page.setField(0, Self.magic)
        page.setField(8, Self.currentVersion)
        page.setField(12, UInt32(stripeBytes))
        page.setField(16, volumeID.word0)
        page.setField(24, volumeID.word1)
        page.setField(32, secret.word0)
        page.setField(40, secret.word1)
        page.setField(48, UInt64(stripeCount))
        page.setField(56, UInt64(dataOffset))
        page.setField(64, UInt32(recordAlignment))
        page.setField(72, createdAtSeconds)
        regions.encode(into: page, at: 80)
        page.setField(Self.byteCount - 4, Checksum.of(UnsafeRawBufferPointer(page).part(0, Self.byteCount - 4)))
    }

    init(
        volumeID: VolumeID,
        secret: HashSecret,
        stripeBytes: Int,
        stripeCount: Int,
        dataOffset: Int,
        recordAlignment: Int,
        createdAtSeconds: UInt64,
        regions: VolumeRegions
    ) {
        self.volumeID = volumeID
        self.secret = secret
        self.stripeBytes = stripeBytes
        self.stripeCount = stripeCount
        self.dataOffset = dataOffset
        self.recordAlignment = recordAlignment
        self.createdAtSeconds = createdAtSeconds
        self.regions = regions
    }

    /// Why a page is not a superblock this code can use.
    enum Refusal: Error, Equatable {
        case notAVolume
        case checksum
        case version(UInt32)
        case geometry
    }

    init(decoding page: UnsafeRawBufferPointer) throws(Refusal) {
        guard page.count >= Self.byteCount, page.field(0, as: UInt64.self) == Self.magic else { throw .notAVolume }
        guard page.field(Self.byteCount - 4, as: UInt32.self) == Checksum.of(page.part(0, Self.byteCount - 4)) else { throw .checksum }
        let version: UInt32 = page.field(8)
        guard version == Self.currentVersion else { throw .version(version) }
        self.init(
            volumeID: VolumeID(word0: page.field(16), word1: page.field(24)),
            secret: HashSecret(word0: page.field(32), word1: page.field(40)),
            stripeBytes: Int(page.field(12, as: UInt32.self)),
            stripeCount: Int(truncatingIfNeeded: page.field(48, as: UInt64.self)),
            dataOffset: Int(truncatingIfNeeded: page.field(56, as: UInt64.self)),
            recordAlignment: Int(page.field(64, as: UInt32.self)),
            createdAtSeconds: page.field(72),
            regions: VolumeRegions(decoding: page, at: 80)
        )
        guard isSound else { throw .geometry }
    }

    /// The numbers agree with each other and with ``Limits``.
    var isSound: Bool {
        stripeBytes.isPowerOfTwo && (Limits.minStripeBytes...Limits.maxStripeBytes).contains(stripeBytes)
            && stripeCount >= Limits.minStripes && stripeCount < Int(Int32.max)
            && dataOffset >= stripeBytes && dataOffset % Limits.pageBytes == 0 && dataOffset < 1 << 50
            && regions.isSound(from: stripeBytes, to: dataOffset)
            && recordAlignment.isPowerOfTwo && recordAlignment >= 64 && recordAlignment <= Limits.pageBytes
            && stripeBytes / recordAlignment <= RecordAddress.maxUnitsPerStripe
            && stripeCount * (stripeBytes / recordAlignment) <= RecordAddress.maxUnits
    }
}

extension Superblock {
    /// The geometry for a volume of a given size: as many whole stripes as fit behind one stripe for the superblock and the regions.
    static func formatting(volumeBytes: Int, stripeBytes: Int, secret: HashSecret, id: VolumeID, nowSeconds: UInt64) -> Superblock? {
        guard stripeBytes.isPowerOfTwo, volumeBytes > 2 * stripeBytes else { return nil }
        let regions = VolumeRegions(volumeBytes: volumeBytes, stripeBytes: stripeBytes)
        let dataOffset = regions.end.roundedUp(to: stripeBytes)
        let stripeCount = (volumeBytes - dataOffset) / stripeBytes
        var alignment = max(64, stripeBytes / RecordAddress.maxUnitsPerStripe)
        while stripeCount * (stripeBytes / alignment) > RecordAddress.maxUnits { alignment *= 2 }
        let block = Superblock(
            volumeID: id,
            secret: secret,
            stripeBytes: stripeBytes,
            stripeCount: stripeCount,
            dataOffset: dataOffset,
            recordAlignment: alignment,
            createdAtSeconds: nowSeconds,
            regions: regions
        )
        return block.isSound ? block : nil
    }

    /// The smallest volume that can be made with stripes of a size.
    static func minVolumeBytes(stripeBytes: Int) -> Int { stripeBytes * (Limits.minStripes + 2) }

    /// The size of a volume that gets exactly so many stripes and all regions. For tests and simulations.
    static func volumeBytes(stripes: Int, stripeBytes: Int) -> Int {
        var volumeBytes = stripes * stripeBytes
        while true {
            let regions = VolumeRegions(volumeBytes: volumeBytes, stripeBytes: stripeBytes)
            let needed = regions.end.roundedUp(to: stripeBytes) + stripes * stripeBytes
            if needed <= volumeBytes, !regions.snapshot.isEmpty { return volumeBytes }
            volumeBytes = max(needed, volumeBytes + stripeBytes)
        }
    }
}

extension Int {
    var isPowerOfTwo: Bool { self > 0 && self & (self - 1) == 0 }
}
