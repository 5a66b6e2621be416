// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a store could not be opened. The text names the volume, what is wrong and what is allowed.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Reason: String, Sendable {
        /// The file or device could not be opened, sized or locked.
        case device
        /// Another process has the volume open.
        case inUse = "in-use"
        /// The disk has no room for a new volume.
        case noSpace = "no-space"
        /// It holds something that is not a volume of this store.
        case notAVolume = "not-a-volume"
        /// A format this version does not read.
        case version
        /// It belongs to another store, or is a copy of another volume of this one.
        case foreign
        /// A number in the configuration is out of range.
        case configuration
    }

    /// The kind of trouble.
    public var reason: Reason
    /// One sentence for people.
    public var description: String

    /// The hardware's doing, not the configuration's. A store with several volumes goes on without the one; this error says that none is left.
    public private(set) var isHardware = false

    init(_ reason: Reason, _ description: String, isHardware: Bool = false) {
        self.reason = reason
        self.description = description
        self.isHardware = isHardware
    }
}

extension StoreError {
    init(opening path: String, byteCount: Int, _ error: DeviceError) {
        let text = SystemError.text(error.errno)
        switch (error.operation, SystemError.kind(error.errno)) {
        case (.lock, _): self.init(.inUse, "the volume \(path) is in use by another process")
        case (.open, .busy): self.init(.inUse, "the device \(path) is in use: it is mounted, or another program or device has it")
        case (.allocate, .notSupported):
            self.init(
                .device,
                "the file system of \(path) cannot reserve space for the volume (\(text)); choose another one, or allow a sparse volume"
            )
        case (.allocate, _): self.init(.noSpace, "no room for the volume \(path) of \(byteCount) bytes: \(text)")
        case (.directIO, _): self.init(.device, "the file system of \(path) has no direct I/O (\(text)); switch it off")
        default: self.init(.device, "cannot open the volume \(path): \(text)", isHardware: error.isHardware)
        }
    }

    init(device error: DeviceError, name: String, isHardware: Bool? = nil) {
        self.init(.device, "the volume \(name) failed: \(error)", isHardware: isHardware ?? error.isHardware)
    }

    init(shrunk name: String, from madeWith: Int, to bytes: Int) {
        self.init(.notAVolume, "the volume \(name) was made with \(madeWith) bytes and has only \(bytes) now")
    }

    init(refusal: Superblock.Refusal, name: String) {
        switch refusal {
        case .version(let version):
            self.init(.version, "the volume \(name) has format version \(version); this program reads version \(Superblock.currentVersion)")
        case .notAVolume, .checksum, .geometry:
            self.init(.notAVolume, "\(name) is not empty and not a volume; give another path, or delete it first")
        }
    }
}
