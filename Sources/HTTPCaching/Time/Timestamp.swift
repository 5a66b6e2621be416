// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A moment as milliseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
///
/// The library has no clock: every function that needs the time takes it as an argument. All arithmetic saturates, because the numbers come
/// from messages and from disk and may be anything.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970 UTC; negative before it.
    public var milliseconds: Int64

    /// A moment given in milliseconds since 1970 UTC.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// A moment given in seconds since 1970 UTC; saturates.
    public init(seconds: Int64) {
        self.milliseconds = seconds.multipliedSaturating(by: 1000)
    }

    /// Before every other moment.
    public static let distantPast = Timestamp(milliseconds: .min)

    /// After every other moment.
    public static let distantFuture = Timestamp(milliseconds: .max)

    /// Seconds since 1970 UTC, rounded towards the past.
    public var wholeSeconds: Int64 {
        let seconds = milliseconds / 1000
        return milliseconds % 1000 < 0 ? seconds - 1 : seconds
    }

    /// Earlier is smaller.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// This moment moved by milliseconds; saturates.
    public func adding(milliseconds delta: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds.addedSaturating(delta))
    }

    /// This moment moved by seconds; saturates.
    public func adding(seconds delta: Int64) -> Timestamp {
        adding(milliseconds: delta.multipliedSaturating(by: 1000))
    }

    /// Milliseconds from `earlier` to this moment, negative when `earlier` is later; saturates.
    public func milliseconds(since earlier: Timestamp) -> Int64 {
        milliseconds.subtractedSaturating(earlier.milliseconds)
    }
}
