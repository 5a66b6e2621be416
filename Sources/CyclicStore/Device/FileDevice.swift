// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A regular file or a raw block device. One process at a time: the open file is locked, and a block device is refused while it is mounted.
public final class FileDevice: DescriptorDevice {
    private let size: Atomic<Int>
    /// 1 through the page cache; with direct I/O what the system demands, at most a page.
    public let alignment: Int
    /// A block device rather than a file.
    public let isBlockDevice: Bool
    /// See ``DescriptorDevice``.
    public let isDirect: Bool
    /// See ``DescriptorDevice``.
    public let descriptor: Int32
    private let space: Space

    /// Size in bytes.
    public var byteCount: Int { size.load(ordering: .relaxed) }

    /// How a file gets its blocks.
    public enum Space: Sendable {
        /// All of them when it is made, so that the file system never runs full later. An error where the file system cannot do that.
        case reserved
        /// Each when it is first written: for tests, and for file systems that cannot reserve. A write may then fail for want of space.
        case sparse
    }

    /// Opens a volume's file, creating and preallocating it when it is missing or empty. A file with anything in it keeps its size: it
    /// may be somebody else's.
    ///
    /// - Parameters:
    ///   - path: The file or block device.
    ///   - byteCount: The size a new file gets. Nil: the file must exist and keeps its size.
    ///   - directIO: Whether the page cache is bypassed. Nil: for block devices, not for files.
    ///   - space: How a new file gets its blocks.
    ///   - readOnly: For tools: nothing is created, locked or written, and the page cache is used.
    public init(
        path: String,
        byteCount: Int?,
        directIO: Bool? = nil,
        space: Space = .reserved,
        readOnly: Bool = false
    ) throws(DeviceError) {
        let descriptor = readOnly ? gyre_open_read_only(path) : gyre_open(path, byteCount == nil ? 0 : 1)
        guard descriptor >= 0 else { throw DeviceError(.open, errno: SystemError.last) }
        do throws(DeviceError) {
            if !readOnly {
                let status = gyre_lock_file(descriptor)
                guard status == 0 else { throw DeviceError(.lock, errno: status) }
            }
            var isDevice: Int32 = 0
            var size = gyre_device_size(descriptor, &isDevice)
            guard size >= 0 else { throw DeviceError(.open, errno: SystemError.last) }
            let isBlockDevice = isDevice != 0
            isDirect = !readOnly && (directIO ?? isBlockDevice)
            alignment = isDirect ? try Self.makeDirect(descriptor, isBlockDevice: isBlockDevice) : 1
            if let byteCount, !isBlockDevice, size == 0 {
                try Self.allocate(descriptor, from: 0, to: byteCount, space)
                size = Int64(byteCount)
            }
            self.size = Atomic(Int(size))
            self.isBlockDevice = isBlockDevice
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.space = space
    }

    /// Makes a file larger, its blocks preallocated. For one that holds no volume yet; a block device stays as it is.
    func grow(to wanted: Int) throws(DeviceError) {
        guard !isBlockDevice, wanted > byteCount else { return }
        try Self.allocate(descriptor, from: byteCount, to: wanted, space)
        size.store(wanted, ordering: .relaxed)
    }

    /// Reserves what blocks are missing in a file that is there already: a copy of a volume may be sparse. What is in it stays.
    func reserve() throws(DeviceError) {
        guard !isBlockDevice, space == .reserved else { return }
        try Self.allocate(descriptor, from: byteCount, to: byteCount, space)
    }

    private static func allocate(_ descriptor: Int32, from size: Int, to wanted: Int, _ space: Space) throws(DeviceError) {
        let status =
            switch space {
            case .reserved: gyre_preallocate(descriptor, Int64(wanted))
            case .sparse: gyre_resize(descriptor, Int64(wanted))
            }
        guard status == 0 else {
            // Give back what was taken: a half-allocated file would only fill the disk.
            if wanted > size { _ = gyre_resize(descriptor, Int64(size)) }
            throw DeviceError(.allocate, errno: status, offset: wanted)
        }
    }

    /// - Returns: What every offset, length and address must be a multiple of.
    private static func makeDirect(_ descriptor: Int32, isBlockDevice: Bool) throws(DeviceError) -> Int {
        let status = gyre_set_direct(descriptor)
        guard status == 0 else { throw DeviceError(.directIO, errno: status) }
        let told = Int(isBlockDevice ? gyre_sector_bytes(descriptor) : gyre_direct_alignment(descriptor))
        // A page does wherever the system says nothing, or anything strange.
        return told.isPowerOfTwo && told >= 512 && told <= Limits.pageBytes ? told : Limits.pageBytes
    }

    /// See ``BlockDevice``.
    public func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        var done = 0
        while done < region.count {
            let count = pread(descriptor, region.baseAddress.map { $0 + done }, region.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw DeviceError(.read, errno: 0, offset: offset + done)
            } else if SystemError.last != EINTR {
                throw DeviceError(.read, errno: SystemError.last, offset: offset + done)
            }
        }
    }

    /// See ``BlockDevice``.
    public func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool {
        // With direct I/O the call would go to the disk: nothing is ever cached.
        guard !isDirect else { return false }
        // A short count means the rest is not in the page cache: the blocking read starts afresh.
        return gyre_pread_nowait(descriptor, region.baseAddress, region.count, Int64(offset)) == region.count
    }

    /// See ``BlockDevice``.
    public func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        var done = 0
        while done < region.count {
            let count = pwrite(descriptor, region.baseAddress.map { $0 + done }, region.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw DeviceError(.write, errno: 0, offset: offset + done)
            } else if SystemError.last != EINTR {
                throw DeviceError(.write, errno: SystemError.last, offset: offset + done)
            }
        }
    }

    /// See ``BlockDevice``.
    public func sync() throws(DeviceError) {
        guard fdatasync(descriptor) == 0 else { throw DeviceError(.sync, errno: SystemError.last) }
    }

    /// See ``BlockDevice``.
    public func close() {
        _ = systemClose(descriptor)
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
