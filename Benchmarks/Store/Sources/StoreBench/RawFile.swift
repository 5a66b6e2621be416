// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Glibc

/// A file with direct I/O and nothing around it: the physical limit. Written full once, since blocks never written are not read from the disk.
final class RawFile: Sendable {
    let descriptor: Int32
    let byteCount: Int

    init(path: String, byteCount: Int) {
        self.byteCount = byteCount
        // O_DIRECT on x86-64 and arm64 differ; Glibc does not import the macro.
        #if arch(arm64)
        let direct: Int32 = 0o200000
        #else
        let direct: Int32 = 0o40000
        #endif
        descriptor = open(path, O_RDWR | O_CREAT | direct, 0o600)
        precondition(descriptor >= 0, "cannot open \(path)")
        var info = stat()
        fstat(descriptor, &info)
        guard info.st_size < byteCount || info.st_blocks * 512 < byteCount else { return }
        precondition(posix_fallocate(descriptor, 0, byteCount) == 0, "no room for \(path)")
        for offset in stride(from: 0, to: byteCount, by: 1 << 20) { write(at: offset, bytes: 1 << 20) }
        fsync(descriptor)
    }

    func write(at offset: Int, bytes: Int) {
        let first = offset / (1 << 20) % 4 * (1 << 20)
        let source = UnsafeRawBufferPointer(rebasing: noise[first..<(first + bytes)])
        precondition(pwrite(descriptor, source.baseAddress, bytes, offset) == bytes)
    }

    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) {
        precondition(pread(descriptor, region.baseAddress, region.count, offset) == region.count)
    }

    func close() { _ = Glibc.close(descriptor) }
}
