// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

@testable import GyreProxy
import GyreTestKit
import Synchronization
import Testing

/// Everything at once, from seeds: each answer must be one that the origin could have given, and no connection may get out of step.
@Suite struct StormScenarios {
    /// What the origin has: each path in a version that grows now and then, some in two languages.
    private final class Site: Sendable {
        private struct State {
            var random: SplitMix64
            var versions: [String: Int] = [:]
        }

        private let state: Mutex<State>

        init(seed: UInt64) { state = Mutex(State(random: SplitMix64(state: seed))) }

        func chance(_ share: Double) -> Bool { state.withLock { Double.random(in: 0..<1, using: &$0.random) < share } }
        func pick<Value: Sendable>(_ values: [Value]) -> Value {
            state.withLock { values[Int.random(in: 0..<values.count, using: &$0.random)] }
        }

        func version(of path: String, grows: Bool) -> Int {
            state.withLock { state in
                if grows { state.versions[path, default: 1] += 1 }
                return state.versions[path, default: 1]
            }
        }

        static func length(of path: String) -> Int { path.hasPrefix("/long") ? 200_000 : 500 }

        static func body(_ path: String, tag: String) -> PatternBody {
            PatternBody(seed: (path + tag).utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) }, count: length(of: path))
        }

        func reply(_ request: OriginRequest, path: String) -> OriginReply {
            if chance(0.02) { return .close }
            if chance(0.03) { return .response(503, body: "no") }
            let language = path.hasSuffix("vary") ? request.fields["Accept-Language"] ?? "-" : "-"
            let tag = "\"\(version(of: path, grows: chance(0.03)))\(language)\""
            var fields: FieldLines = [
                "ETag": tag,
                "Cache-Control": pick([
                    "max-age=0", "max-age=1", "max-age=60", "no-store", "no-cache", "max-age=0, stale-while-revalidate=1",
                    "max-age=0, stale-if-error=5",
                ]),
            ]
            if path.hasSuffix("vary") { fields.append("Vary", "Accept-Language") }
            if let match = request.fields["If-Match"], match != tag { return .response(412) }
            if request.hasTag(tag) { return .response(304, fields) }
            let whole = Self.body(path, tag: tag)
            let condition = request.fields["If-Range"]
            guard let range = request.fields["Range"].flatMap(Self.range), chance(0.8), condition == nil || condition == tag,
                range.lowerBound < whole.count
            else {
                let body: OriginBody = chance(0.03) ? [.pattern(whole, 0..<200), .close] : .pattern(whole)
                return .response(200, fields, body: body, framing: chance(0.3) ? .chunked : .declaredLength(UInt64(whole.count)))
            }
            let bytes = range.lowerBound..<min(range.upperBound, whole.count)
            let complete = chance(0.8) ? "\(whole.count)" : "*"
            fields.append("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(complete)")
            return .response(206, fields, body: [.pattern(whole, bytes)])
        }

        static func range(_ text: String) -> Range<Int>? {
            let numbers = text.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            return numbers.count == 2 ? numbers[0]..<numbers[1] + 1 : nil
        }
    }

    private static let paths = ["/short-plain", "/short-vary", "/long-plain", "/long-vary"]

    @Test(arguments: [1, 2], [UInt64(11), 12]) func `answers stay right and in step`(workers: Int, seed: UInt64) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let site = Site(seed: seed)
            for path in Self.paths {
                for method in ["GET", "HEAD"] { scenario.origin.on(method, path) { request in site.reply(request, path: path) } }
                scenario.origin.on("POST", path) { _ in .response(204) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { try await visit(scenario, site, SplitMix64(state: seed &* 100 &+ UInt64(number))) }
                }
                try await group.waitForAll()
            }
            try await eventually("every fill has ended, seed \(seed)") {
                scenario.proxy.shared.fills.count == 0 && scenario.proxy.shared.fills.bytesKept == 0
            }
        }
    }

    private func visit(_ scenario: Scenario, _ site: Site, _ seeded: SplitMix64) async throws {
        var random = seeded
        var client = try await scenario.client()
        for round in 0..<50 {
            guard let path = Self.paths.randomElement(using: &random) else { return }
            let method = ["GET", "GET", "GET", "GET", "GET", "HEAD", "POST"].randomElement(using: &random) ?? "GET"
            let language = Bool.random(using: &random) ? "de" : "en"
            var fields: FieldLines = ["Accept-Language": language]
            let version = site.version(of: path, grows: false)
            func tag(_ version: Int) -> String { "\"\(version)\(path.hasSuffix("vary") ? language : "-")\"" }
            let first = Int.random(in: 0..<Site.length(of: path), using: &random)
            if Double.random(in: 0..<1, using: &random) < 0.4 { fields.append("Range", "bytes=\(first)-\(first + 99)") }
            if Double.random(in: 0..<1, using: &random) < 0.2 { fields.append("If-None-Match", tag(version)) }
            if Double.random(in: 0..<1, using: &random) < 0.1 {
                fields.append("If-Match", tag(version - Int.random(in: 0...1, using: &random)))
            }
            if Double.random(in: 0..<1, using: &random) < 0.1 {
                fields.append("Cache-Control", ["no-cache", "only-if-cached", "max-stale"].randomElement(using: &random) ?? "")
            }
            let note: Comment = "round \(round): \(method) \(path) \(fields.lines.map { "\($0.name): \($0.value)" })"
            do {
                let answer = try await client.request(method, path, fields, body: method == "POST" ? [1] : nil)
                judge(answer, method, path, fields, language, note)
                if answer["Connection"] == "close" { client = try await scenario.client() }
            } catch TestKitError.closedEarly {
                // A body that broke off at the origin breaks off here too.
                client = try await scenario.client()
            }
        }
    }

    private func judge(_ answer: RawResponse, _ method: String, _ path: String, _ fields: FieldLines, _ language: String, _ note: Comment) {
        switch answer.status {
        case 200, 206:
            guard let tag = answer["ETag"] else {
                Issue.record("no tag, \(note)")
                return
            }
            if path.hasSuffix("vary") { #expect(tag.hasSuffix("\(language)\""), note) }
            guard method == "GET" else {
                #expect(answer.body.isEmpty, note)
                return
            }
            let whole = Site.body(path, tag: tag)
            guard answer.status == 206 else {
                #expect(answer.body.count == whole.count && whole.matches(answer.body), note)
                return
            }
            let asked = fields["Range"].flatMap(Site.range)
            let bytes = asked.map { $0.lowerBound..<min($0.upperBound, whole.count) } ?? 0..<0
            #expect(answer["Content-Range"]?.hasPrefix("bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/") == true, note)
            #expect(answer.body.count == bytes.count && whole.matches(answer.body, at: bytes.lowerBound), note)
        case 304: #expect(fields["If-None-Match"] != nil && fields["If-None-Match"] == answer["ETag"], note)
        case 412: #expect(fields["If-Match"] != nil, note)
        case 204: #expect(method == "POST", note)
        case 502, 503: break
        case 504:
            #expect(fields["Cache-Control"] == "only-if-cached" || answer["Cache-Status"]?.contains("validation-failed") == true, note)
        default: Issue.record("status \(answer.status), \(note)")
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
