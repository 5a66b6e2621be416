// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The arithmetic of RFC 9111 §4.2.3, each term kept so that it can be shown.
public struct AgeCalculation: Sendable, Equatable {
    /// Seconds by which the response's `Date` lies before its arrival, never negative.
    public let apparentAgeSeconds: Int64
    /// The `Age` field, 0 when missing or broken.
    public let ageValueSeconds: Int64
    /// Milliseconds from the request to the response, never negative.
    public let responseDelayMilliseconds: Int64

    /// The age of a response on arrival, in milliseconds.
    public var correctedInitialMilliseconds: Int64 {
        let apparent = apparentAgeSeconds.multipliedSaturating(by: 1000)
        let corrected = ageValueSeconds.multipliedSaturating(by: 1000).addedSaturating(responseDelayMilliseconds)
        return max(apparent, corrected)
    }

    /// The age of a response on arrival.
    ///
    /// - Parameters:
    ///   - date: its `Date`, or the time of arrival.
    ///   - ageValueSeconds: its `Age`.
    ///   - requestTime: when the request was sent.
    ///   - responseTime: when the response arrived.
    ///
    /// `Date` has whole seconds, so the apparent age is taken in whole seconds: a part of a second is no age.
    public init(date: Timestamp, ageValueSeconds: Int64, requestTime: Timestamp, responseTime: Timestamp) {
        apparentAgeSeconds = max(responseTime.wholeSeconds.subtractedSaturating(date.wholeSeconds), 0)
        self.ageValueSeconds = min(max(ageValueSeconds, 0), CachingLimits.maxDeltaSeconds)
        responseDelayMilliseconds = max(responseTime.milliseconds(since: requestTime), 0)
    }
}
