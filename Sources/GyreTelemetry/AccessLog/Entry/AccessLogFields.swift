// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One row of the table of log fields.
public struct AccessLogField: Sendable, Hashable {
    /// What the value is in JSON.
    public enum Kind: String, Sendable, Hashable {
        /// A string.
        case string
        /// A string, or null when there is none.
        case stringOrNull = "string or null"
        /// A whole number.
        case integer
        /// A whole number, or null when there is none.
        case integerOrNull = "integer or null"
    }

    /// The name in JSON.
    public let name: String
    /// What the value is in JSON.
    public let kind: Kind
    /// How the field looks in a combined line; nil when it is not in one.
    public let combined: String?
    /// One line of plain English, without a full stop.
    public let help: String

    init(_ name: String, _ kind: Kind, combined: String?, _ help: String) {
        self.name = name
        self.kind = kind
        self.combined = combined
        self.help = help
    }
}

/// The one table of the access log's fields. The manual is made from it; a test holds what is written against it.
public enum AccessLogFields {
    /// Every field, in the order of JSON.
    public static let all = [
        AccessLogField(
            "time",
            .string,
            combined: "[23/Nov/2026:10:32:30 +0000]",
            "When the request's head was complete, in UTC; JSON has milliseconds"
        ),
        AccessLogField("client", .stringOrNull, combined: "192.0.2.7", "The client's address"),
        AccessLogField("method", .stringOrNull, combined: "first word in the quotes", "The method; none when the request line was refused"),
        AccessLogField("target", .stringOrNull, combined: "second word in the quotes", "The request target as received"),
        AccessLogField("protocol", .stringOrNull, combined: "third word in the quotes", "The protocol version: `HTTP/1.0` or `HTTP/1.1`"),
        AccessLogField("host", .stringOrNull, combined: nil, "The request's `Host`"),
        AccessLogField("status", .integer, combined: "200", "The status sent; 0 when the connection went away before"),
        AccessLogField("bytes", .integer, combined: "5120", "Bytes of the body that were sent"),
        AccessLogField("referer", .stringOrNull, combined: "\"http://example.org/\"", "The request's `Referer`"),
        AccessLogField("user_agent", .stringOrNull, combined: "\"curl/7.88.1\"", "The request's `User-Agent`"),
        AccessLogField("cache", .stringOrNull, combined: "`hit` in `hit/fresh`", "What the cache did"),
        AccessLogField("reason", .stringOrNull, combined: "`fresh` in `hit/fresh`", "Why: the same word as in `Cache-Status`"),
        AccessLogField(
            "source",
            .stringOrNull,
            combined: nil,
            "Where the body came from: `memory`, `disk` or `origin`; none when Gyre made it"
        ),
        AccessLogField(
            "duration_us",
            .integer,
            combined: "412",
            "Microseconds from the end of the request's head to the last byte of the answer"
        ),
        AccessLogField("origin_duration_us", .integerOrNull, combined: nil, "Microseconds the origin took; none when it was not asked"),
    ]
}
