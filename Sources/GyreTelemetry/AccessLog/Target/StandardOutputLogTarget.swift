// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The program's standard output.
public final class StandardOutputLogTarget: LogTarget {
    private var output: LogOutput

    /// Makes it.
    public convenience init() {
        self.init(descriptor: STDOUT_FILENO)
    }

    init(descriptor: Int32) {
        output = LogOutput(descriptor: descriptor)
    }

    /// Writes, and waits while whoever reads is slow.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        try output.write(bytes)
    }
}
