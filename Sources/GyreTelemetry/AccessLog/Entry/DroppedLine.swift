// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why the access log lacks a line. The names are values of a label, and must never change.
public enum DroppedLine: String, Error, Sendable, CaseIterable {
    /// Every block waits for the target.
    case queueFull = "queue-full"
    /// The target refused the block in which the line was.
    case writeError = "write-error"
    /// The log was closed before.
    case closed

    var summary: String {
        switch self {
        case .queueFull: "the target took lines more slowly than they came, and every block was waiting"
        case .writeError: "the target failed, as a full disk does"
        case .closed: "the log was closed already, at the end of the program"
        }
    }

    var index: Int {
        switch self {
        case .queueFull: 0
        case .writeError: 1
        case .closed: 2
        }
    }
}
