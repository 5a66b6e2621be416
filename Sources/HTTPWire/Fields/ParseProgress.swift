// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How far an unfinished head has been read, so that bytes that come one by one are each looked at about twice and not once for each
/// arrival.
struct ParseProgress: Equatable {
    /// Whether the start line is done.
    var isInFields = false
    /// Where the line begins that was not complete.
    var lineStart = 0
    /// Up to where that line is known to hold no LF.
    var scannedTo = 0
    /// Whether the one empty line before a request has been passed over.
    var skippedEmptyLine = false
}

/// The bounds of a field section and the reasons for breaking them: those of a head, or those of a trailer section.
struct FieldSectionLimits {
    let maxBytes: Int
    let maxCount: Int
    let tooLarge: WireError
    let tooMany: WireError
    let forbidden: FieldSet
    /// What is forbidden is passed over, not a reason to refuse.
    let dropsForbidden: Bool

    @inline(__always)
    static func head(_ limits: WireLimits) -> FieldSectionLimits {
        FieldSectionLimits(
            maxBytes: limits.maxHeadBytes,
            maxCount: limits.maxFieldCount,
            tooLarge: .headTooLarge,
            tooMany: .tooManyFields,
            forbidden: [],
            dropsForbidden: false
        )
    }

    @inline(__always)
    static func trailers(_ limits: WireLimits, dropsForbidden: Bool) -> FieldSectionLimits {
        FieldSectionLimits(
            maxBytes: limits.maxTrailerBytes,
            maxCount: limits.maxTrailerFieldCount,
            tooLarge: .trailersTooLarge,
            tooMany: .tooManyTrailers,
            forbidden: .forbiddenInTrailers,
            dropsForbidden: dropsForbidden
        )
    }
}
