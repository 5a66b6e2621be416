// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One volume of a store.
public struct VolumeConfiguration: Sendable, Hashable {
    /// The file or raw block device.
    public var path: String
    /// Size of a file that is made anew, in bytes. A volume that exists keeps its size; a block device is used whole.
    public var byteCount: Int
    /// Whether the page cache is bypassed. Nil: for block devices, not for files.
    public var directIO: Bool?
    /// Its share of the keys against the other volumes' weights. Nil: its size in MiB.
    public var weight: Int?

    /// A volume by path.
    public init(path: String, byteCount: Int = 1 << 30, directIO: Bool? = nil, weight: Int? = nil) {
        self.path = path
        self.byteCount = byteCount
        self.directIO = directIO
        self.weight = weight
    }
}
