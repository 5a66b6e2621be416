// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What an I/O engine has done.
public struct IOEngineStatistics: Hashable, Sendable {
    /// Operations taken.
    public internal(set) var submitted = 0
    /// Operations finished, well or badly.
    public internal(set) var completed = 0
    /// Operations refused for want of room.
    public internal(set) var refused = 0
    /// The most operations that were taken and not finished at one time.
    public internal(set) var inFlightMax = 0

    /// Operations taken and not finished.
    public var inFlight: Int { submitted - completed }

    /// Nothing done yet.
    public init() {}

    mutating func countSubmission() {
        submitted += 1
        inFlightMax = max(inFlightMax, inFlight)
    }
}

/// Why an I/O engine cannot be used here.
public struct IOEngineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The engine's name in the settings.
    public var engine: IOEngineKind
    /// The system's error number; 0 when this program was built without the engine.
    public var errno: Int32

    /// For example `io-uring cannot be used: Operation not permitted (forbidden by kernel.io_uring_disabled or a seccomp filter)`.
    public var description: String {
        if errno == 0 { return "\(engine.rawValue) is not in this program; build it with --traits IOUring on Linux, or choose threads" }
        return "\(engine.rawValue) cannot be used: \(SystemError.text(errno))\(advice); choose threads"
    }

    private var advice: String {
        guard engine == .ioUring else { return "" }
        switch SystemError.kind(errno) {
        case .notPermitted: return " (forbidden by kernel.io_uring_disabled or a seccomp filter, as in most containers)"
        case .notSupported: return " (Linux 5.6 or newer is needed)"
        case .outOfMemory: return " (the limit of locked memory may be too low: ulimit -l)"
        case .outOfSpace, .busy, .other: return ""
        }
    }
}
