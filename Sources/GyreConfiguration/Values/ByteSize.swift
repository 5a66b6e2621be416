// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A number of bytes, as people write it: `10GiB`, `512KiB`, `1.5GB`, `4096`.
///
/// `KiB`, `MiB`, `GiB` and `TiB` are powers of 1024; `KB`, `MB`, `GB` and `TB` are powers of 1000 (IEC 80000-13). A bare number and
/// `B` are bytes. The unit's case does not matter. A lone `K`, `M`, `G` or `T` is refused, because it means either, depending on the program.
public struct ByteSize: Sendable, Hashable, Comparable {
    /// The size in bytes, never negative.
    public let bytes: Int

    /// A size of so many bytes. A negative number is taken as 0.
    public init(bytes: Int) {
        self.bytes = max(0, bytes)
    }

    /// Reads a size.
    ///
    /// A fraction is exact where it can be; a rest of less than one byte is cut off (`0.1KiB` is 102 bytes).
    /// Throws `.malformed` for what is no size and `.tooLarge` for what does not fit in 63 bits.
    public init(parsing text: String) throws(ValueRefusal) {
        guard let number = DecimalNumber(prefixOf: text) else { throw .malformed() }
        let unit = number.rest.drop { $0 == " " }
        guard let scale = Self.scale(of: unit) else {
            throw .malformed(suggestion: Self.scale(of: unit + "iB").map { _ in "\(text.dropLast(unit.utf8.count))\(unit.uppercased())iB" })
        }
        // Half a byte is a slip of the pen, and so is a space with nothing after it.
        guard scale > 1 || !number.hasPoint, !unit.isEmpty || number.rest.isEmpty else { throw .malformed() }
        guard let (bytes, _) = number.scaled(by: scale) else { throw .tooLarge }
        self.bytes = bytes
    }

    /// Sizes are ordered by their bytes.
    public static func < (left: ByteSize, right: ByteSize) -> Bool {
        left.bytes < right.bytes
    }

    private static let units: [(name: String, scale: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000),
        ("B", 1),
    ]

    private static func scale(of unit: some StringProtocol) -> Int? {
        if unit.isEmpty { return 1 }
        let lowercased = unit.lowercased()
        return units.first { $0.name.lowercased() == lowercased }?.scale
    }
}

extension ByteSize {
    /// So many KiB (1024 bytes).
    public static func kib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 10) }
    /// So many MiB (1024² bytes).
    public static func mib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 20) }
    /// So many GiB (1024³ bytes).
    public static func gib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 30) }
    /// So many TiB (1024⁴ bytes).
    public static func tib(_ count: Int) -> ByteSize { ByteSize(bytes: count << 40) }
}

extension ByteSize: CustomStringConvertible {
    /// The shortest exact way to write the size with a unit; reading it gives the same size again.
    public var description: String {
        guard bytes > 0 else { return "0B" }
        var shortest = "\(bytes)B"
        // Units of 1024 stand first, so that a tie is theirs.
        for (name, scale) in Self.units where bytes % scale == 0 {
            let text = "\(bytes / scale)\(name)"
            if text.utf8.count < shortest.utf8.count { shortest = text }
        }
        return shortest
    }
}
