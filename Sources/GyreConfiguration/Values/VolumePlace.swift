// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One volume as people write it: `PATH`, `PATH:SIZE` or `PATH:SIZE:WEIGHT`.
public struct VolumePlace: Sendable, Hashable, CustomStringConvertible {
    /// The file or raw block device.
    public var path: String
    /// The size of a file that is made anew; nil is `volume.size`.
    public var size: ByteSize?
    /// Its share of the objects against the weights of the others; nil is its size in MiB.
    public var weight: Int?

    /// A volume by path.
    public init(path: String, size: ByteSize? = nil, weight: Int? = nil) {
        self.path = path
        self.size = size
        self.weight = weight
    }

    /// Reads one. What follows the last colons counts only if it is a size and a weight: a path may have colons too.
    init(parsing text: String, _ context: SettingContext) throws(ValueRefusal) {
        var path = Substring(text)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 2, let weight = Self.weight(parts[parts.count - 1]),
            let size = try? ByteSize(parsing: String(parts[parts.count - 2]))
        {
            (self.size, self.weight) = (size, weight)
            path = path.dropLast(parts[parts.count - 1].count + parts[parts.count - 2].count + 2)
        } else if parts.count > 1, let size = try? ByteSize(parsing: String(parts[parts.count - 1])) {
            self.size = size
            path = path.dropLast(parts[parts.count - 1].count + 1)
        }
        if let size, !SettingLimits.volume.contains(size) {
            throw .malformed(
                because: "a volume has \(SettingLimits.volume.lowerBound) at least and \(SettingLimits.volume.upperBound) at most"
            )
        }
        self.path = try SettingType<String>.path.parse(String(path), context)
    }

    private static func weight(_ text: Substring) -> Int? {
        guard let number = DecimalNumber(prefixOf: String(text)), !number.hasPoint, number.rest.isEmpty,
            SettingLimits.volumeWeight.contains(number.whole)
        else { return nil }
        return number.whole
    }

    /// As it is written; reading it gives the same volume again.
    public var description: String {
        guard let size else { return path }
        return weight.map { "\(path):\(size):\($0)" } ?? "\(path):\(size)"
    }
}
