// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

/// A request that must be refused, and why.
struct RefusedRequest: Sendable, CustomTestStringConvertible {
    let section: String
    let what: String
    let text: String
    let error: WireError

    init(_ section: String, _ what: String, _ text: String, _ error: WireError) {
        self.section = section
        self.what = what
        self.text = text
        self.error = error
    }

    var testDescription: String { "\(section): \(what)" }

    static let all = startLine + targets + hosts + fieldLines + framing
}

/// A request that must be accepted, and what it must mean.
struct AcceptedRequest: Sendable, CustomTestStringConvertible {
    let section: String
    let what: String
    let text: String
    let holds: @Sendable (RequestSummary) -> Bool

    init(_ section: String, _ what: String, _ text: String, _ holds: @escaping @Sendable (RequestSummary) -> Bool) {
        self.section = section
        self.what = what
        self.text = text
        self.holds = holds
    }

    var testDescription: String { "\(section): \(what)" }

    static let all = startLine + targets + hosts + fieldLines + framing + connections
}
