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

/// A regular file or a raw block device. One process at a time: the open file is locked.
public final class FileDevice: BlockDevice {
    private let size: Atomic<Int>
    /// 1, or a page with direct I/O.
    public let alignment: Int
    /// A block device rather than a file.
    public let isBlockDevice: Bool
    private let descriptor: Int32

    /// Size in bytes.
    public var byteCount: Int { size.load(ordering: .relaxed) }

    /// Opens a volume's file, creating and preallocating it when it is missing or empty. A file with anything in it keeps its size: it
    /// may be somebody else's.
    ///
    /// - Parameters:
    ///   - path: The file or block device.
    ///   - byteCount: The size a new file gets. Nil: the file must exist and keeps its size.
    ///   - directIO: Bypass the page cache.
    ///   - readOnly: For tools: nothing is created, locked or written.
    public init(path: String, byteCount wanted: Int?, directIO: Bool = false, readOnly: Bool = false) throws(DeviceError) {
        let descriptor = readOnly ? gyre_open_read_only(path) : gyre_open(path, wanted == nil ? 0 : 1, directIO ? 1 : 0)
        guard descriptor >= 0 else { throw DeviceError(.open, errno: SystemError.last) }
        do throws(DeviceError) {
            if !readOnly {
                let status = gyre_lock_file(descriptor)
                guard status == 0 else { throw DeviceError(.lock, errno: status) }
            }
            var isDevice: Int32 = 0
            var size = gyre_device_size(descriptor, &isDevice)
            guard size >= 0 else { throw DeviceError(.open, errno: SystemError.last) }
            if let wanted, isDevice == 0, size == 0 {
                try Self.allocate(descriptor, from: 0, to: wanted)
                size = Int64(wanted)
            }
            self.size = Atomic(Int(size))
            self.isBlockDevice = isDevice != 0
        } catch {
            _ = systemClose(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.alignment = directIO ? Limits.pageBytes : 1
    }

    /// Makes a file larger, its blocks preallocated. For one that holds no volume yet; a block device stays as it is.
    func grow(to wanted: Int) throws(DeviceError) {
        guard !isBlockDevice, wanted > byteCount else { return }
        try Self.allocate(descriptor, from: byteCount, to: wanted)
        size.store(wanted, ordering: .relaxed)
    }

    private static func allocate(_ descriptor: Int32, from size: Int, to wanted: Int) throws(DeviceError) {
        let status = gyre_preallocate(descriptor, Int64(wanted))
        guard status == 0 else {
            // Give back what was taken: a half-allocated file would only fill the disk.
            _ = ftruncate(descriptor, off_t(size))
            throw DeviceError(.allocate, errno: status, offset: wanted)
        }
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
        // With direct I/O the call would wait for the disk: nothing is ever cached.
        guard alignment == 1 else { return false }
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
