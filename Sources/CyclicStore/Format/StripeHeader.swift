// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The first 64 bytes of a stripe.
struct StripeHeader: Hashable, Sendable {
    static let byteCount = 64
    static let magic: UInt64 = 0x3145_5049_5254_5347  // "GSTRIPE1"

    var volumeID: VolumeID
    var sequence: UInt64
    var stripe: UInt32
    var openedAtSeconds: UInt64

    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.part(0, Self.byteCount).zero()
        bytes.setField(0, Self.magic)
        bytes.setField(8, volumeID.word0)
        bytes.setField(16, volumeID.word1)
        bytes.setField(24, sequence)
        bytes.setField(32, stripe)
        bytes.setField(40, openedAtSeconds)
        bytes.setField(60, Checksum.of(UnsafeRawBufferPointer(bytes).part(0, 60)))
    }

    init(volumeID: VolumeID, sequence: UInt64, stripe: UInt32, openedAtSeconds: UInt64) {
        self.volumeID = volumeID
        self.sequence = sequence
        self.stripe = stripe
        self.openedAtSeconds = openedAtSeconds
    }

    init?(decoding bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount, bytes.field(0, as: UInt64.self) == Self.magic,
            bytes.field(60, as: UInt32.self) == Checksum.of(bytes.part(0, 60))
        else { return nil }
        volumeID = VolumeID(word0: bytes.field(8), word1: bytes.field(16))
        sequence = bytes.field(24)
        stripe = bytes.field(32)
        openedAtSeconds = bytes.field(40)
    }
}
