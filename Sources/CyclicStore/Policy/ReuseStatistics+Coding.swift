// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension ReuseStatistics {
    /// Length of the coded form.
    package static let codedByteCount = 16 + useClasses * sizeClasses * 16

    private static let magic: UInt32 = 0x5355_4552

    /// All counters with a checksum over them, always ``codedByteCount`` bytes.
    package func encoded() -> [UInt8] {
        var coded = [UInt8](repeating: 0, count: Self.codedByteCount)
        coded.withUnsafeMutableBytes { region in
            region.setField(4, Self.magic)
            region.setField(8, UInt32(Self.useClasses))
            region.setField(12, UInt32(Self.sizeClasses))
            for (index, value) in (records + bytes).enumerated() { region.setField(16 + index * 8, value) }
            region.setField(0, Checksum.of(UnsafeRawBufferPointer(region).part(4, region.count - 4)))
        }
        return coded
    }

    /// Nil when the bytes are not what ``encoded()`` wrote.
    package init?(decoding region: UnsafeRawBufferPointer) {
        let count = Self.useClasses * Self.sizeClasses
        guard region.count >= Self.codedByteCount, region.field(4, as: UInt32.self) == Self.magic,
            region.field(8, as: UInt32.self) == UInt32(Self.useClasses), region.field(12, as: UInt32.self) == UInt32(Self.sizeClasses),
            region.field(0, as: UInt32.self) == Checksum.of(region.part(4, Self.codedByteCount - 4))
        else { return nil }
        let values = (0..<(2 * count)).map { region.field(16 + $0 * 8, as: UInt64.self) }
        self.init(records: Array(values[..<count]), bytes: Array(values[count...]))
    }
}
