// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Says which seed was running when a check inside the store stops the process, or when a run does not end.
enum SeedBeacon {
    private static let capacity = 512
    // A signal handler may use nothing else. Written by one thread, read when that thread is stopped.
    private nonisolated(unsafe) static let text = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    private nonisolated(unsafe) static var count = 0
    /// A run takes far less than a second.
    private static let longestRunSeconds: UInt32 = 300

    /// The text for the run that begins now.
    static func set(_ line: String) {
        if count == 0 {
            for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGALRM] {
                signal(number) { _ in SeedBeacon.tell() }
            }
        }
        let bytes = line.utf8CString.prefix(capacity)
        for (position, byte) in bytes.enumerated() { text[position] = byte }
        count = bytes.count - 1
        alarm(longestRunSeconds)
    }

    private static func tell() {
        _ = write(STDERR_FILENO, text, count)
        _exit(1)
    }
}
