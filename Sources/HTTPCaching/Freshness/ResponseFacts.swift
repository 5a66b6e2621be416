// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// What one walk over a response's fields finds.
struct ResponseFacts {
    /// What `Expires` says. Several lines: the earliest; any that is no date: expired (RFC 9111 §5.3).
    enum Expires: Equatable {
        case missing
        case invalid
        case at(Timestamp)
    }

    var status: Int
    /// The directives that count: of a targeted field, or of `Cache-Control`.
    var directives = CacheControl()
    var isTargeted = false
    var date: Timestamp?
    /// Whether `Date` is there exactly once and is a date.
    var isDateValid = false
    /// `Date`, or the time of arrival where it is missing or broken (RFC 9110 §6.6.1).
    var effectiveDate: Timestamp
    var ageSeconds: Int64 = 0
    var expires = Expires.missing
    var lastModified: Timestamp?
    var entityTag: EntityTag?
    var vary = Vary()
    var hasSetCookie = false
    var contentRange: HTTPField?
    var contentRangeCount = 0
    var contentLength: UInt64?
    var contentType: HTTPField?

    init(status: Int, fields: HTTPFields, responseTime: Timestamp, policy: CachingPolicy) {
        self.status = status
        effectiveDate = responseTime
        var counts = Counts()
        for index in fields.indices {
            switch fields.kind(index) {
            case .age:
                counts.age += 1
                // A list counts by its first member; a broken value is ignored (RFC 9111 §5.1).
                if counts.age == 1 { ageSeconds = fields[index].withValue(Self.age) }
            case .cacheControl: directives.add(fields[index])
            case .contentLength: contentLength = fields[index].withValue { $0.decimal(0..<$0.count) }.map(UInt64.init(clamping:))
            case .contentRange:
                contentRangeCount += 1
                contentRange = fields[index]
            case .contentType: contentType = fields[index]
            case .date:
                counts.date += 1
                if let moment = fields[index].withValue({ HTTPDate.parse($0, now: responseTime) }) {
                    // Of several dates the earliest makes the response oldest.
                    date = min(date ?? .distantFuture, moment)
                }
            case .etag:
                counts.etag += 1
                entityTag = counts.etag == 1 ? fields[index].withValue { EntityTag(lenient: $0, 0..<$0.count) } : nil
            case .expires:
                guard expires != .invalid else { continue }
                if let moment = fields[index].withValue({ HTTPDate.parse($0, now: responseTime) }) {
                    if case .at(let other) = expires { expires = .at(min(other, moment)) } else { expires = .at(moment) }
                } else {
                    expires = .invalid
                }
            case .lastModified:
                counts.lastModified += 1
                lastModified = counts.lastModified == 1 ? fields[index].withValue { HTTPDate.parse($0, now: responseTime) } : nil
            case .setCookie: hasSetCookie = true
            case .vary: vary.add(fields[index])
            default: break
            }
        }
        if let date {
            effectiveDate = date
            isDateValid = counts.date == 1
        }
        if !policy.targetedNames.isEmpty, let targeted = CacheControl.targeted(in: fields, names: policy.targetedNames) {
            directives = targeted
            isTargeted = true
            expires = .missing
        }
    }

    private struct Counts {
        var age = 0
        var date = 0
        var etag = 0
        var lastModified = 0
    }

    /// Whether a 304 can be had for the response.
    var hasValidator: Bool { entityTag != nil || lastModified != nil }

    private static func age(_ text: Span<UInt8>) -> Int64 {
        var members = ListCursor(0..<text.count)
        guard let first = members.next(in: text) else { return 0 }
        return text.decimal(first, limit: CachingLimits.maxDeltaSeconds) ?? 0
    }
}
