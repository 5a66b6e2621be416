// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A setting that is one of a few words.
///
/// The words are the raw values; they are what is written in the settings and must never change.
public protocol SettingChoice: RawRepresentable<String>, CaseIterable, Sendable, Hashable {}

/// How a line of the access log is laid out.
public enum AccessLogFormat: String, SettingChoice {
    /// The combined log format of Apache httpd, with the cache's reason after it.
    case combined
    /// One JSON object for each request.
    case json
}

/// What is done with a response that sets a cookie.
public enum SetCookieChoice: String, SettingChoice {
    /// Stored as the directives say, even with heuristic freshness.
    case store
    /// Stored only where the origin gave explicit freshness or said `public`.
    case storeWhenExplicit = "store-when-explicit"
    /// Never stored.
    case refuse
    /// Stored without the field.
    case strip
}

/// What the program's own log shows; each level includes those after it. The words are those of swift-log.
public enum LogLevel: String, SettingChoice {
    /// Every step.
    case trace
    /// What helps to find a fault.
    case debug
    /// What an operator may want to know.
    case info
    /// What is unusual and not wrong.
    case notice
    /// What is wrong and not yet harmful.
    case warning
    /// What failed.
    case error
    /// What makes the program stop.
    case critical
}

/// What reads and writes the volume.
public enum IOEngineChoice: String, SettingChoice {
    /// Blocking calls on a few threads.
    case threads
    /// The C library's asynchronous calls.
    case posixAIO = "posix-aio"
    /// The Linux kernel's rings.
    case ioUring = "io-uring"
}

/// How a volume makes room.
public enum ReplacementChoice: String, SettingChoice {
    /// Admission in memory, relocation at reclaim, hot stripes.
    case gyre
    /// First in, first out.
    case cyclic
    /// A hit on disk is copied to the head when enough was written since.
    case relocateOnHit = "relocate-on-hit"
}

/// Whether the page cache is bypassed.
public enum DirectIOChoice: String, SettingChoice {
    /// For block devices, not for files.
    case auto
    /// Always.
    case on = "true"
    /// Never.
    case off = "false"
}

/// Where the access log goes.
public enum AccessLogTarget: Sendable, Hashable {
    /// No access log is kept.
    case off
    /// The program's standard output, written as `-`.
    case standardOutput
    /// A file at this path; lines are added at its end.
    case file(String)
}

/// Where objects are kept when the memory is not enough.
public enum VolumeLocation: Sendable, Hashable {
    /// Nowhere: the cache lives in memory alone.
    case memoryOnly
    /// On these volumes, at least one.
    case volumes([VolumePlace])

    /// One file or raw block device at this path, of the size that `volume.size` says.
    public static func file(_ path: String) -> VolumeLocation { .volumes([VolumePlace(path: path)]) }
}
