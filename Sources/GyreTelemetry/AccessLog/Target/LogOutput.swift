// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes to a descriptor until everything is written or something fails.
struct LogOutput {
    let descriptor: Int32
    /// The last write ended within a line. The next begins a new one, so that only that line is spoiled.
    private var isTorn = false
    private let call: (Int32, UnsafeRawPointer, Int) -> Int

    /// `call` is the system's `write`, or what a test has in its place.
    init(descriptor: Int32, call: @escaping (Int32, UnsafeRawPointer, Int) -> Int = systemWrite) {
        self.descriptor = descriptor
        self.call = call
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        guard let start = bytes.baseAddress else { return }
        if isTorn { try endTornLine() }
        var done = 0
        while done < bytes.count {
            let written = call(descriptor, start + done, bytes.count - done)
            if written > 0 {
                done += written
            } else if !retries(written) {
                isTorn = done > 0 && bytes[done - 1] != UInt8(ascii: "\n")
                throw LogTargetError(.write, errorNumber: written == 0 ? ENOSPC : errno, writtenBytes: done)
            }
        }
    }

    private mutating func endTornLine() throws(LogTargetError) {
        var newline = UInt8(ascii: "\n")
        while true {
            let written = call(descriptor, &newline, 1)
            if written == 1 { break }
            guard retries(written) else { throw LogTargetError(.write, errorNumber: written == 0 ? ENOSPC : errno) }
        }
        isTorn = false
    }

    /// Whether to try again: after a signal, or when a descriptor that does not block, as standard output may be one, has room again.
    private func retries(_ written: Int) -> Bool {
        guard written < 0 else { return false }
        let number = errno
        if number == EINTR { return true }
        guard number == EAGAIN || number == EWOULDBLOCK else { return false }
        var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&waited, 1, -1) >= 0 || errno == EINTR
    }
}
