// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension AccessLogFields {
    /// The manual page of the access log, `docs/access-log.md`, as Markdown. It depends on nothing but the table and the limits.
    public static func renderManual() -> String {
        var page = """
            # The access log

            <!-- Made from the table of log fields. Change the table, not this page. -->

            One line for each request, written when its answer is complete. Two layouts: `combined`, the combined log format of Apache httpd with two
            words more, and `json`, one object a line.

            ```
            192.0.2.7 - - [23/Nov/2026:10:32:30 +0000] "GET /a.css HTTP/1.1" 200 5120 "http://example.org/" "curl/7.88.1" hit/fresh 412
            ```

            | JSON name | JSON type | in a combined line | what it says |
            |---|---|---|---|

            """
        for field in all {
            page += "| `\(field.name)` | \(field.kind.rawValue) | \(field.combined.map(code) ?? "(not in it)") | \(field.help) |\n"
        }
        page += """

            In a combined line, what is not there is `-`. In JSON it is `null`.

            ## Bytes that are escaped

            Nothing that a peer sends can end a line, a field or a string. In a combined line a control byte, a quote, a backslash and every byte from 127 up is
            `\\xHH`; outside quotes so is a space. JSON has its own escapes; control characters are `\\u00HH`, and a byte that is not part of valid
            UTF-8 shows as the text `\\xHH`, which a peer could also have sent literally.

            A target is cut after \(TelemetryLimits.maxLoggedTargetBytes) bytes, a referer after \(TelemetryLimits.maxLoggedRefererBytes), \
            a user agent after \(TelemetryLimits.maxLoggedUserAgentBytes),
            a host after \(TelemetryLimits.maxLoggedHostBytes); what was cut ends in `...`.

            ## When the target is slow or full

            Lines wait in blocks of memory, \(TelemetryLimits.logBlocks) at most, of \(TelemetryLimits.logBlockBytes / 1024) KiB each. \
            With all of them waiting, new lines are dropped: no request waits
            for the log. Lines that are missing are counted in `\(MetricsTable.logDropped.name)`, by reason:

            | reason | why |
            |---|---|

            """
        for reason in DroppedLine.allCases { page += "| `\(reason.rawValue)` | \(reason.summary) |\n" }
        page += "\nFailures of the target are counted in `\(MetricsTable.logErrors.name)`; writing is tried again with the next lines.\n"
        return page
    }

    private static func code(_ example: String) -> String {
        // Rows that describe rather than show have their own marks, or none.
        example.contains("`") || example.hasSuffix("quotes") ? example : "`\(example)`"
    }
}
