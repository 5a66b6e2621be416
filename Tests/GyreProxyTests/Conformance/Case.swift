// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTestKit
import Synchronization
import Testing

/// One row of a conformance table: requests in order, what the origin would answer to each, and where the answer must come from.
struct Case: Sendable, CustomTestStringConvertible {
    let section: String
    let name: String
    let steps: [Step]
    var adjust: @Sendable (inout ProxyConfiguration) -> Void = { _ in }

    init(_ section: String, _ name: String, _ steps: Step..., adjust: @escaping @Sendable (inout ProxyConfiguration) -> Void = { _ in }) {
        self.section = section
        self.name = name
        self.steps = steps
        self.adjust = adjust
    }

    init(_ section: String, _ name: String, steps: [Step], adjust: @escaping @Sendable (inout ProxyConfiguration) -> Void = { _ in }) {
        self.section = section
        self.name = name
        self.steps = steps
        self.adjust = adjust
    }

    var testDescription: String { "\(section): \(name)" }
}

/// A request and what is expected of the answer.
struct Step: Sendable {
    /// Where an answer comes from.
    enum Source: Sendable {
        /// The origin was asked and its answer passed on.
        case origin
        /// The origin was not asked.
        case cache
        /// The origin was asked with a precondition.
        case validated
    }

    var source: Source
    var method = "GET"
    var target = "/r"
    var sends: FieldLines = [:]
    var reply: OriginReply
    var status: Int?
    var text: String?
    var shows: FieldLines = [:]
    var lacks: [String] = []
    var originSees: FieldLines = [:]
    var originLacks: [String] = []
    var body: [UInt8]?
    var interim: [Int] = []
    /// The client sees the connection break.
    var breaks = false

    static func origin(
        _ reply: OriginReply,
        method: String = "GET",
        target: String = "/r",
        sends: FieldLines = [:],
        status: Int? = nil,
        text: String? = nil,
        shows: FieldLines = [:],
        lacks: [String] = [],
        originSees: FieldLines = [:],
        originLacks: [String] = [],
        body: [UInt8]? = nil,
        interim: [Int] = [],
        breaks: Bool = false
    ) -> Step {
        Step(
            source: .origin,
            method: method,
            target: target,
            sends: sends,
            reply: reply,
            status: status,
            text: text,
            shows: shows,
            lacks: lacks,
            originSees: originSees,
            originLacks: originLacks,
            body: body,
            interim: interim,
            breaks: breaks
        )
    }

    static func cache(
        method: String = "GET",
        target: String = "/r",
        sends: FieldLines = [:],
        status: Int? = nil,
        text: String? = nil,
        shows: FieldLines = [:],
        lacks: [String] = []
    ) -> Step {
        Step(
            source: .cache,
            method: method,
            target: target,
            sends: sends,
            reply: .response(500, body: "not to be asked"),
            status: status,
            text: text,
            shows: shows,
            lacks: lacks
        )
    }

    static func validated(
        _ reply: OriginReply,
        method: String = "GET",
        sends: FieldLines = [:],
        status: Int? = nil,
        text: String? = nil,
        shows: FieldLines = [:],
        lacks: [String] = [],
        originSees: FieldLines = [:]
    ) -> Step {
        Step(
            source: .validated,
            method: method,
            sends: sends,
            reply: reply,
            status: status,
            text: text,
            shows: shows,
            lacks: lacks,
            originSees: originSees
        )
    }
}

/// A whole answer; the body tells it from others.
func ok(_ fields: FieldLines, _ body: OriginBody = "one", status: Int = 200) -> OriginReply { .response(status, fields, body: body) }

func run(_ row: Case) async throws {
    try await withScenario(adjust: row.adjust) { scenario in
        let reply = Mutex(OriginReply.response(500))
        scenario.origin.otherwise { request in
            _ = try await request.body()
            return reply.withLock { $0 }
        }
        var client = try await scenario.client()
        for (index, step) in row.steps.enumerated() {
            reply.withLock { $0 = step.reply }
            let before = scenario.origin.requestCount
            let note: Comment = "\(row.testDescription), step \(index + 1)"
            if step.breaks {
                await #expect(throws: (any Error).self, note) {
                    try await client.request(step.method, step.target, step.sends, body: step.body)
                }
                client = try await scenario.client()
                continue
            }
            let answer = try await client.request(step.method, step.target, step.sends, body: step.body)
            let asked = scenario.origin.requestCount - before
            // A repeatable request goes out once more when a kept connection breaks: one or two.
            #expect(step.source == .cache ? asked == 0 : asked == 1 || asked == 2, note)
            if let status = step.status { #expect(answer.status == status, note) }
            if let text = step.text { #expect(answer.text == text, note) }
            for line in step.shows.lines {
                let shown = answer[line.name]
                if line.name == "Age", let age = shown.flatMap({ Int($0) }), let least = Int(line.value) {
                    // A slow machine makes it older.
                    #expect(age >= least && age < least + 30, note)
                } else if line.name == "Cache-Status" {
                    // The seconds that are left depend on when in a second the answer was made.
                    #expect(shown?.replacing(/; ttl=[0-9]+/, with: "; ttl") == line.value, note)
                } else {
                    #expect(shown == line.value, note)
                }
            }
            for name in step.lacks { #expect(answer[name] == nil, note) }
            #expect(answer.interim.map(\.status) == step.interim, note)
            guard asked > 0, let seen = scenario.origin.received.last else { continue }
            if step.source == .validated {
                #expect(seen.fields["If-None-Match"] != nil || seen.fields["If-Modified-Since"] != nil, note)
            }
            for line in step.originSees.lines { #expect(seen.fields[line.name] == line.value, note) }
            for name in step.originLacks { #expect(seen.fields[name] == nil, note) }
        }
    }
}
