// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreTelemetry

@Suite struct LoopCountersTests {
    static func hub(_ loops: Int) -> LoopCountersHub {
        LoopCountersHub(
            loopCount: loops,
            reasons: ReasonLists(
                originErrors: ReasonWords(["timeout", "refused"]),
                wireErrors: ReasonWords(["bad-host"]),
                notStored: ReasonWords(["no-store", "private"])
            )
        )
    }

    @Test func loopsAreAddedUp() {
        let hub = Self.hub(2)
        for loop in hub.loops {
            loop.countRequest(.hitMemory, durationMicroseconds: 15, bodyBytes: 100)
            loop.countRequest(.miss, durationMicroseconds: 2500, bodyBytes: 50)
            loop.countOriginRequest()
            loop.countOriginResponse(bytes: 70)
            loop.connectionOpened()
            loop.countNotStored("private")
        }
        hub.loops[1].connectionOpened()
        hub.loops[1].connectionClosed()
        hub.loops[0].countOriginError("timeout")
        hub.loops[0].countWireError("bad-host")
        let totals = hub.totals()
        #expect(totals.requests == 4)
        #expect(totals.requests(.hitMemory) == 2)
        #expect(totals.requests(.miss) == 2)
        #expect(totals.requests(.stale) == 0)
        #expect(totals.responseBytes == 300)
        #expect(totals.originRequests == 2)
        #expect(totals.originResponseBytes == 140)
        #expect(totals.connectionsOpened == 3)
        #expect(totals.openConnections == 2)
        #expect(totals.originErrors == ["timeout": 1])
        #expect(totals.wireErrors == ["bad-host": 1])
        #expect(totals.notStored == ["private": 2])
        #expect(totals.durations[.miss]?.sumMicroseconds == 5000)
    }

    @Test func wordsThatAreNotInTheListCountAsOther() {
        let hub = Self.hub(1)
        for word in ["moon", "", "other", "no-store"] { hub.loops[0].countNotStored(word) }
        #expect(hub.totals().notStored == ["other": 3, "no-store": 1])
        #expect(ReasonWords(["a", "b", "a", "other"]).words == ["a", "b", "other"])
    }

    @Test func numbersThatMakeNoSenseDoNoHarm() {
        let hub = Self.hub(1)
        hub.loops[0].countRequest(.error, durationMicroseconds: -1, bodyBytes: -1)
        hub.loops[0].countRequest(.error, durationMicroseconds: .max, bodyBytes: 0)
        hub.loops[0].connectionClosed()
        let totals = hub.totals()
        #expect(totals.requests(.error) == 2)
        #expect(totals.responseBytes == 0)
        #expect(totals.openConnections == 0)
        #expect(totals.durations[.error]?.quantileMicroseconds(0.5) == 1)
        #expect(totals.durations[.error]?.quantileMicroseconds(1) == nil)
    }

    @Test func everyDurationIsInTheBucketWhoseBoundsEncloseIt() {
        var lower = -1
        for index in 0..<LatencyBuckets.count {
            let upper = LatencyBuckets.upperBoundMicroseconds(index) ?? .max
            #expect(upper > lower)
            for value in [lower + 1, upper] { #expect(LatencyBuckets.index(microseconds: value) == index, "\(value)") }
            lower = upper
        }
    }

    @Test func everyBoundOfThePageIsABoundOfABucket() {
        let bounds = Set((0..<LatencyBuckets.count).compactMap { LatencyBuckets.upperBoundMicroseconds($0) })
        #expect(bounds.isSuperset(of: HistogramBounds.microseconds))
    }

    @Test func aHistogramIsWhatCountingEachDurationGives() {
        let hub = Self.hub(2)
        var expected = HistogramValue(bounds: HistogramBounds.microseconds.map(Double.init))
        var random = SeededRandom(seed: 20_261_123)
        let edges = HistogramBounds.microseconds.flatMap { [$0 - 1, $0, $0 + 1] }
        let others = (0..<500).map { _ in Int(random.next() >> UInt64.random(in: 34...63, using: &random)) }
        for (index, duration) in (edges + others).enumerated() {
            hub.loops[index % 2].countRequest(.hitDisk, durationMicroseconds: duration, bodyBytes: 0)
            expected.record(Double(duration))
        }
        let histogram = hub.totals().durations[.hitDisk]?.histogram
        #expect(histogram?.counts == expected.counts)
        #expect(histogram?.sum == expected.sum / 1_000_000)
        #expect(histogram?.bounds == HistogramBounds.seconds)
    }

    @Test(arguments: [(0.0, 10), (0.5, 50), (0.9, 90), (0.91, 100), (0.99, 100), (1.0, 100), (7.0, 100)])
    func quantilesAreNeverTooLow(share: Double, microseconds: Int) {
        let hub = Self.hub(1)
        for tens in 1...10 {
            for _ in 0..<10 { hub.loops[0].countRequest(.stale, durationMicroseconds: tens * 10, bodyBytes: 0) }
        }
        #expect(hub.totals().durations[.stale]?.quantileMicroseconds(share) == microseconds)
        #expect(LatencySummary().quantileMicroseconds(share) == nil)
    }

    @Test func summariesAddUp() {
        let hub = Self.hub(1)
        hub.loops[0].countRequest(.miss, durationMicroseconds: 10, bodyBytes: 0)
        hub.loops[0].countRequest(.stale, durationMicroseconds: 30, bodyBytes: 0)
        var all = LatencySummary()
        for summary in hub.totals().durations.values { all.add(summary) }
        #expect(all.count == 2)
        #expect(all.sumMicroseconds == 40)
        #expect(all.quantileMicroseconds(1) == 30)
    }

    @Test func theScrapeShowsResultsFromTheStartAndReasonsOnceTheyOccur() {
        let registry = PrometheusRegistry()
        let hub = Self.hub(2)
        registry.registerCollector { hub.collect(into: &$0) }
        hub.loops[0].countRequest(.hitMemory, durationMicroseconds: 20, bodyBytes: 5)
        hub.loops[1].countRequest(.hitMemory, durationMicroseconds: 21, bodyBytes: 5)
        hub.loops[1].countWireError("bad-host")
        for loop in hub.loops { loop.tunnelOpened() }
        hub.loops[0].tunnelClosed()
        hub.loops[1].countTunnel(bytes: 3, toClient: true)
        let page = PrometheusRegistryTests.own(registry)
        #expect(
            page.contains(
                """
                # HELP gyre_requests_total Requests answered, by where the answer came from
                # TYPE gyre_requests_total counter
                gyre_requests_total{result="bypass"} 0
                gyre_requests_total{result="error"} 0
                gyre_requests_total{result="hit-disk"} 0
                gyre_requests_total{result="hit-memory"} 2
                gyre_requests_total{result="miss"} 0
                gyre_requests_total{result="revalidated"} 0
                gyre_requests_total{result="stale"} 0
                gyre_requests_total{result="tunnel"} 0
                # HELP gyre_response_bytes_total Bytes of response bodies sent to clients
                # TYPE gyre_response_bytes_total counter
                gyre_response_bytes_total 10
                # HELP gyre_tunnel_bytes_total Bytes that tunnels passed on, by where they went
                # TYPE gyre_tunnel_bytes_total counter
                gyre_tunnel_bytes_total{towards="client"} 3
                gyre_tunnel_bytes_total{towards="origin"} 0
                # HELP gyre_tunnels Tunnels that are open: CONNECT, or a connection that changed its protocol
                # TYPE gyre_tunnels gauge
                gyre_tunnels 1
                # HELP gyre_tunnels_total Tunnels that began
                # TYPE gyre_tunnels_total counter
                gyre_tunnels_total 2
                # HELP gyre_wire_errors_total Requests and origin responses refused for their syntax or size, by reason
                # TYPE gyre_wire_errors_total counter
                gyre_wire_errors_total{reason="bad-host"} 1

                """
            )
        )
        #expect(page.contains("gyre_request_duration_seconds_bucket{result=\"hit-memory\",le=\"2e-05\"} 1\n"))
        #expect(page.contains("gyre_request_duration_seconds_bucket{result=\"hit-memory\",le=\"5e-05\"} 2\n"))
        #expect(page.contains("gyre_request_duration_seconds_sum{result=\"hit-memory\"} 4.1e-05\n"))
        #expect(page.contains("gyre_request_duration_seconds_count{result=\"hit-memory\"} 2\n"))
        #expect(!page.contains("gyre_not_stored_total"))
    }

    @Test func aReaderOnAnotherThreadSeesCountsThatOnlyGrow() async {
        let hub = Self.hub(1)
        let requests = 20_000
        async let counting: Void = Task.detached {
            for _ in 0..<requests { hub.loops[0].countRequest(.hitMemory, durationMicroseconds: 3, bodyBytes: 1) }
        }.value
        var seen = 0
        var fell = false
        for _ in 0..<200 {
            let now = hub.totals().requests
            fell = fell || now < seen
            seen = now
        }
        await counting
        #expect(!fell)
        #expect(hub.totals().requests == requests)
        #expect(hub.totals().responseBytes == requests)
    }
}
