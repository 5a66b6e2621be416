// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What holds a volume's bytes: a file, a raw block device, or its simulated twin. Calls block; an ``IOEngine`` decides on which thread.
public protocol BlockDevice: AnyObject, Sendable {
    /// Size in bytes.
    var byteCount: Int { get }
    /// Offsets, lengths and memory of every transfer are multiples of this; 1 where any will do.
    var alignment: Int { get }
    /// Reads exactly the region's bytes, or fails.
    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError)
    /// Reads only if that needs no waiting for the disk. False: nothing was learnt, use ``read(at:into:)``.
    func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool
    /// Writes exactly the region's bytes, or fails. A failure may leave any part of them written.
    func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError)
    /// Makes everything written so far survive a loss of power.
    func sync() throws(DeviceError)
    /// Gives the device back. Nothing may be under way.
    func close()
}

/// An operation the device refused or could not finish.
public struct DeviceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public enum Operation: String, Sendable { case open, allocate, lock, directIO = "direct I/O", read, write, sync }
    /// What was tried.
    public var operation: Operation
    /// The system's error number; 0 for an unexpected end of the device.
    public var errno: Int32
    /// Where, in bytes.
    public var offset: Int

    /// A failure of one operation.
    public init(_ operation: Operation, errno: Int32, offset: Int = 0) {
        self.operation = operation
        self.errno = errno
        self.offset = offset
    }

    /// For example `read at 4096: Input/output error`.
    public var description: String {
        "\(operation.rawValue) at byte \(offset): \(errno == 0 ? "unexpected end" : SystemError.text(errno))"
    }
}
