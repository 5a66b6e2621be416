// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which I/O engine a store uses.
public enum IOEngineKind: String, Sendable, CaseIterable {
    /// Blocking calls on a few threads: works everywhere, and no slower than the others on most disks.
    case threads
    /// The C library's asynchronous calls. For comparison: glibc runs the operations of one file one after another.
    case posixAIO = "posix-aio"
    /// The Linux kernel's rings, if the program was built with the trait `IOUring` and the kernel allows it.
    case ioUring = "io-uring"

    /// Whether this program was built with it.
    public var isInProgram: Bool {
        #if IOUring && os(Linux)
        return true
        #else
        return self != .ioUring
        #endif
    }

    /// Starts an engine of this kind.
    ///
    /// - Parameter threads: How many threads the engine of threads gets; the others need no number.
    /// - Throws: When the program was built without it, or the system refuses it.
    func start(threads: Int) throws(IOEngineError) -> any IOEngine {
        switch self {
        case .threads:
            let engine = ThreadEngine(threads: threads)
            guard engine.threadCount > 0 else { throw IOEngineError(engine: self, errno: SystemError.noThread) }
            return engine
        case .posixAIO:
            return try POSIXAIOEngine()
        case .ioUring:
            #if IOUring && os(Linux)
            return try UringEngine()
            #else
            throw IOEngineError(engine: self, errno: 0)
            #endif
        }
    }
}
