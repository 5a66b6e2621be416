// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The allowed range of every setting, and of what is read to find the settings.
///
/// How the settings relate to each other is checked in ``SettingRelations``.
enum SettingLimits {
    /// Every size that a setting may have. Its end is only there to catch slips of the pen, so a range that ends with it is shown without.
    static let anySize = ByteSize(bytes: 0)...ByteSize.tib(256)

    static let originConnections = 1...65_535
    static let destinations = 1...65_535
    static let workers = 1...256
    static let requestLine = ByteSize(bytes: 256)...ByteSize.mib(1)
    static let head = ByteSize.kib(1)...ByteSize.mib(4)
    static let fieldCount = 8...4096
    static let body = anySize
    /// Timeouts of zero would end every exchange at once, and none at all would let a peer hold a connection for ever.
    static let timeout = DurationSetting(milliseconds: 1)...DurationSetting.days(1)
    /// More would end clients on slow lines.
    static let minRate = ByteSize(bytes: 1)...ByteSize.mib(1)
    /// A drain may be skipped altogether.
    static let drain = DurationSetting.seconds(0)...DurationSetting.seconds(3600)
    static let memory = ByteSize.mib(1)...anySize.upperBound
    static let volume = ByteSize.mib(8)...anySize.upperBound
    static let volumeWeight = 1...1_000_000
    static let volumes = 1...64
    static let stripe = ByteSize.kib(256)...ByteSize.mib(16)
    static let membufs = 2...256
    static let percent = 0...100
    /// A stripe of the largest size must pass within ten seconds.
    static let writeBudget = ByteSize.mib(2)...ByteSize.gib(64)
    static let writeBudgetDaily = ByteSize.mib(64)...ByteSize.gib(1 << 20)
    static let ioThreads = 1...64
    static let heuristicFraction = 0.0...1.0
    static let byteShare = 0.0...1.0
    static let writtenByteCost = 0.0...1000.0
    static let heuristicLifetime = DurationSetting.seconds(0)...DurationSetting.days(365)
    static let freshness = DurationSetting.seconds(0)...DurationSetting.days(24_855)
    static let ranges = 1...128
    static let collapseBuffer = ByteSize.kib(64)...ByteSize.gib(1)
    static let object = ByteSize.kib(1)...anySize.upperBound

    /// A settings file larger than this is some other file.
    static let maxFileBytes = 1 << 20
    /// After so many problems in one file the rest is left out.
    static let maxFileProblems = 100
    /// Longer names are not compared with the known ones.
    static let maxComparedNameBytes = 64
    /// Longer values are cut in messages.
    static let maxQuotedScalars = 80
}
