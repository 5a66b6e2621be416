// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that lines are added to at its end.
///
/// For rotation: rename the file, then ``AccessLogWriter/requestReopen()``. Lines are in the old file until then, and none is lost.
public final class FileLogTarget: LogTarget {
    private static let mode: mode_t = 0o640

    private let path: String
    private var output: LogOutput

    /// Opens the file, making it when there is none. It is readable for its owner and group.
    /// - Throws: ``LogTargetError`` with the system's error number.
    public init(path: String) throws(LogTargetError) {
        self.path = path
        output = LogOutput(descriptor: try Self.open(path, .open))
    }

    deinit { close() }

    /// Writes at the end of the file.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        try output.write(bytes)
    }

    /// Opens the file under its name, and then lets go of the old one. When that fails the old one stays.
    public func reopen() throws(LogTargetError) {
        let descriptor = try Self.open(path, .reopen)
        close()
        output = LogOutput(descriptor: descriptor)
    }

    /// Closes the file.
    public func close() {
        guard output.descriptor >= 0 else { return }
        _ = systemClose(output.descriptor)
        output = LogOutput(descriptor: -1)
    }

    private static func open(_ path: String, _ operation: LogTargetError.Operation) throws(LogTargetError) -> Int32 {
        let descriptor = systemOpen(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw LogTargetError(operation, errorNumber: errno) }
        return descriptor
    }
}
