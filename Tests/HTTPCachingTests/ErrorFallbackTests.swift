// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import HTTPCaching

@Suite("Errors, RFC 9111 §4.2.4 and RFC 5861 §4")
struct ErrorFallbackTests {
    struct Row: TableRow {
        let section: String
        let response: String
        let request: [String]
        let failure: ErrorFallback.Failure
        let seconds: Int64
        let expected: String
        var title: String { "\(response) asked \(request) after \(seconds) s, \(failure)" }

        init(
            _ section: String,
            _ response: String,
            _ failure: ErrorFallback.Failure,
            request: [String] = [],
            after seconds: Int64,
            is expected: String
        ) {
            self.section = section
            self.response = response
            self.request = request
            self.failure = failure
            self.seconds = seconds
            self.expected = expected
        }
    }

    static let rows: [Row] = [
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(500), after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(502), after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(503), after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(504), after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(501), after: 89, is: "forward"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(404), after: 89, is: "forward"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .status(500), after: 90, is: "forward"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .timeout, after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .unreachable, after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=30", .unreachable, after: 90, is: "forward"),
        Row("RFC 5861 §4", "max-age=60, stale-if-error=0", .unreachable, after: 60, is: "forward"),
        Row("RFC 5861 §4", "max-age=60", .status(500), request: ["Cache-Control: stale-if-error=30"], after: 89, is: "stale-if-error"),
        Row("RFC 5861 §4", "max-age=60", .status(500), request: ["Cache-Control: stale-if-error=30"], after: 90, is: "forward"),
        Row("§4.3.3", "max-age=60", .status(500), after: 60, is: "forward"),
        Row("§4.2.4", "max-age=60", .unreachable, after: 61, is: "unreachable"),
        Row("§4.2.4", "max-age=60", .timeout, after: 61, is: "unreachable"),
        Row("§4.2.4", "max-age=60", .unreachable, after: 60 + 86_400, is: "forward"),
        Row("§5.2.2.2", "max-age=60, must-revalidate", .unreachable, after: 61, is: "504"),
        Row("§5.2.2.2", "max-age=60, must-revalidate", .timeout, after: 61, is: "504"),
        Row("§5.2.2.2", "max-age=60, must-revalidate, stale-if-error=30", .status(500), after: 61, is: "forward"),
        Row("§5.2.2.8", "max-age=60, proxy-revalidate", .unreachable, after: 61, is: "504"),
        Row("§5.2.2.10", "s-maxage=60, stale-if-error=30", .status(500), after: 61, is: "forward"),
        Row("§5.2.2.10", "s-maxage=60", .unreachable, after: 61, is: "504"),
        Row("§5.2.2.4", "max-age=60, no-cache, stale-if-error=30", .status(500), after: 1, is: "forward"),
        Row("§5.2.2.4", "max-age=60, no-cache", .unreachable, after: 1, is: "504"),
        Row("§5.2.1.1", "max-age=60", .unreachable, request: ["Cache-Control: max-age=0"], after: 1, is: "still-fresh"),
        Row("§5.2.1.1", "max-age=60, must-revalidate", .status(503), request: ["Cache-Control: max-age=0"], after: 1, is: "still-fresh"),
        Row("§5.2.1.4", "max-age=60", .unreachable, request: ["Cache-Control: no-cache"], after: 1, is: "forward"),
    ]

    @Test("a stored response stands in for an error as far as directives and the operator allow", arguments: rows)
    func fallback(row: Row) throws {
        let head = try stored(["Cache-Control: \(row.response)", "ETag: \"a\""])
        let asking = request(row.request)
        let now = arrival.adding(seconds: row.seconds)
        let policy = CachingPolicy()
        let fallback = ErrorFallback.decide(request: asking, stored: head, failure: row.failure, now: now, policy: policy)
        let result =
            switch fallback {
            case .serveStored(let reason, _): reason.rawValue
            case .forwardError: "forward"
            case .gatewayTimeout: "504"
            }
        #expect(result == row.expected)
        if case .status(let code) = row.failure {
            var mayServe = false
            if case .serveStored = fallback { mayServe = true }
            #expect(ErrorFallback.mayReplace(head, withStatus: code, request: asking, now: now, policy: policy) == !mayServe)
        }
    }

    @Test("what was selected by other fields or is not complete stands in for nothing")
    func unusable() throws {
        let head = try stored(["Cache-Control: max-age=60", "Vary: A"])
        let policy = CachingPolicy()
        let other = request(["A: 1"])
        #expect(ErrorFallback.decide(request: other, stored: head, failure: .unreachable, now: arrival, policy: policy) == .forwardError)
        guard case .store(let incomplete) = storing(["Cache-Control: max-age=60"]) else { throw NotStored(reason: .unusable) }
        #expect(
            ErrorFallback.decide(request: request(), stored: incomplete, failure: .unreachable, now: arrival, policy: policy)
                == .forwardError
        )
        let post = request(method: "POST")
        #expect(
            ErrorFallback.decide(request: post, stored: incomplete, failure: .unreachable, now: arrival, policy: policy) == .forwardError
        )
    }

    @Test("a response is worth keeping as long as anything could use it")
    func keeping() throws {
        var policy = CachingPolicy()
        policy.keepSeconds = 1000
        func keeps(_ directives: String, _ more: String...) throws -> Int64 {
            try stored(["Cache-Control: \(directives)"] + more).worthKeepingUntil(policy).milliseconds(since: arrival) / 1000
        }
        #expect(try keeps("max-age=60, must-revalidate") == 60)
        #expect(try keeps("max-age=60, must-revalidate", "ETag: \"a\"") == 1060)
        #expect(try keeps("max-age=60") == 60 + 86_400)
        #expect(try keeps("max-age=60, stale-if-error=5") == 65)
        #expect(try keeps("max-age=60, stale-if-error=5, stale-while-revalidate=7") == 67)
        #expect(try keeps("max-age=60, must-revalidate", "Age: 50") == 10)
        func isGone(_ directives: String, after seconds: Int64) throws -> Bool {
            try stored(["Cache-Control: \(directives)", "ETag: \"a\""]).isKeptNoLonger(at: arrival.adding(seconds: seconds), policy)
        }
        #expect(try !isGone("max-age=60, must-revalidate", after: 1060))
        #expect(try isGone("max-age=60, must-revalidate", after: 1061))
        #expect(try !isGone("max-age=60, stale-if-error=2000", after: 2060))
        #expect(try isGone("max-age=60, stale-if-error=2000", after: 2061))
    }
}
