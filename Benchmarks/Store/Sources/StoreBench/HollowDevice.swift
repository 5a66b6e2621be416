// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// A file that keeps what a start reads of a stripe, its first page and its last ones, and leaves holes where the records are; of one
/// stripe in `wholeEvery` it keeps everything. Everything else that the store writes is kept as it is. So the store itself makes a volume
/// of a terabyte with real footers, log, marks and snapshot on a few gigabytes of disk.
final class HollowDevice: BlockDevice {
    private let file: FileDevice
    private let stripeBytes: Int
    private let wholeEvery: Int
    private static let headBytes = 4096
    /// More than the directory of a stripe of 1 MiB with objects of 32 KiB; the benchmark makes no smaller ones.
    private static let tailBytes = 4096
    /// A piece of a snapshot begins like this: it may be as long as a stripe.
    private static let snapshotMagic: UInt64 = 0x4b4e_4843_534e_5947

    init(_ file: FileDevice, stripeBytes: Int, wholeEvery: Int) {
        self.file = file
        self.stripeBytes = stripeBytes
        self.wholeEvery = wholeEvery
    }

    var byteCount: Int { file.byteCount }
    var alignment: Int { file.alignment }

    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) { try file.read(at: offset, into: region) }
    func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }

    func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        guard region.count == stripeBytes, region.loadUnaligned(as: UInt64.self) != Self.snapshotMagic,
            offset / stripeBytes % wholeEvery != 0
        else { return try file.write(at: offset, from: region) }
        try file.write(at: offset, from: UnsafeRawBufferPointer(rebasing: region[..<Self.headBytes]))
        try file.write(
            at: offset + stripeBytes - Self.tailBytes,
            from: UnsafeRawBufferPointer(rebasing: region[(stripeBytes - Self.tailBytes)...])
        )
    }

    /// The forging process never loses power.
    func sync() throws(DeviceError) {}
    func close() { file.close() }
}

/// An object of which only the length counts: its bytes are whatever the membuf held before.
final class HollowObject: StoredObject {
    let kind = RecordKind.object
    let key: StoreKey
    let memoryBytes: Int
    let metadataByteCount = 0
    let payloadByteCount: Int

    init(_ key: StoreKey, bytes: Int) {
        self.key = key
        payloadByteCount = bytes
        memoryBytes = bytes
    }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {}
}
