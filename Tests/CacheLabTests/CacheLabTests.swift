// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import Testing

@testable import CacheLab

@Suite struct TraceReaderTests {
    private func words(_ words: [UInt32]) -> Data {
        words.reduce(into: Data()) { data, word in withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) } }
    }

    @Test func `reads records of 12 bytes`() throws {
        let trace = try TraceReader().parse(words([1, 70, 500, 2, 9, 30, 3, 70, 500]), name: "a.u32x3")
        #expect(trace.requests.map(\.object) == [0, 1, 0] && trace.requests.map(\.bytes) == [500, 30, 500])
        #expect(trace.requests.map(\.seconds) == [1, 2, 3] && trace.objectCount == 2 && trace.uniqueBytes == 530 && trace.unreadable == 0)
    }

    @Test func `a record cut short is counted`() throws {
        let trace = try TraceReader().parse(words([1, 70, 500, 2]), name: "a.u32x3")
        #expect(trace.requests.count == 1 && trace.unreadable == 1)
    }

    @Test func `reads oracleGeneral`() throws {
        let data = words([7, 5, 1, 900, 0, 0]) + words([8, 5, 2, 800, 0, 0])
        let trace = try TraceReader().parse(data, name: "x.oracleGeneral.bin")
        #expect(trace.objectCount == 2 && trace.requests.map(\.bytes) == [900, 800] && trace.requests.map(\.seconds) == [7, 8])
    }

    @Test(arguments: [
        "time,id,size\n1,a,10\n2,b,20\n2.5,a,10\n", "1,a,10\n2,b,20\n3,a,10\n", "size,obj_id,timestamp\n10,a,1\n20,b,2\n10,a,3\n",
        "# time;id;size\n1;a;10\r\n2;b;20\r\n3;a;10",
    ]) func `reads CSV with and without a head line`(text: String) throws {
        let trace = try TraceReader(format: .csv).parse(Data(text.utf8))
        #expect(trace.requests.map(\.object) == [0, 1, 0] && trace.requests.map(\.bytes) == [10, 20, 10] && trace.unreadable == 0)
    }

    @Test func `reads the combined format and counts what makes no sense`() throws {
        let log = """
            192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326 "-" "x"
            nonsense
            192.0.2.1 - - [10/Oct/2000:13:55:38 -0700] "GET /a.gif HTTP/1.0" 304 - "-" "x"
            192.0.2.1 - - [10/Oct/2000:13:55:39 -0700] "POST /form HTTP/1.0" 200 17
            192.0.2.1 - - [10/Oct/2000:20:55:40 +0000] "GET /b.gif HTTP/1.0" 200 5
            """
        let trace = try TraceReader().parse(Data(log.utf8), name: "access.log")
        #expect(trace.requests.map(\.object) == [0, 0, 1] && trace.requests.map(\.bytes) == [2326, 2326, 5])
        #expect(trace.requests.map(\.seconds) == [0, 2, 4] && trace.unreadable == 1)
    }

    @Test func `a log is known by its first line that makes sense`() {
        let lines: [(TraceFormat, String)] = [
            (.combined, "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 7"),
            (.squid, "1066036250.129    100 192.0.2.1 TCP_MISS/200 4000 GET http://a/ - DIRECT/1 text/html"), (.json, "{\"time\":\"x\"}"),
        ]
        for (format, line) in lines {
            for before in ["", "\n", "nonsense\n", "half of a line that was cut by the rotation of logs\n"] {
                #expect(TraceFormat.detect(name: "access.log", start: Array((before + line + "\n").utf8)) == format, "\(before)\(line)")
            }
        }
        #expect(TraceFormat.detect(name: "t", start: Array("1,a,10\n2,b,20\n".utf8)) == .csv)
        #expect(TraceFormat.detect(name: "t", start: [1, 0, 0, 0, 2, 0, 0, 0, 255, 10, 0, 0]) == .u32x3)
    }

    @Test func `a target with an escaped quote, a date without a zone and cells in quotes are read`() throws {
        let log = """
            192.0.2.1 - - [10/Oct/2000:23:59:59] "GET /a\\"b c HTTP/1.0" 200 7
            192.0.2.1 - - [11/Oct/2000:05:30:01 +0530] "GET /b HTTP/1.0" 200 8
            192.0.2.1 - - [11/Oct/2000:00:00:02 !0000] "GET /b HTTP/1.0" 200 8
            192.0.2.1 - - [11/Okt/2000:00:00:02 +0000] "GET /b HTTP/1.0" 200 8
            192.0.2.1 - - [11/Oct/2000:00:00:02 +0000] "GET /b HTTP/1.0
            192.0.2.1 - - [11/Oct/2000:00:00:02 +0000] "GET /b HTTP/1.0" 2xx 8
            """
        let trace = try TraceReader(format: .combined).parse(Data(log.utf8))
        #expect(trace.requests.map(\.bytes) == [7, 8] && trace.requests.map(\.seconds) == [0, 2] && trace.unreadable == 4)
        let cells = try TraceReader(format: .csv).parse(Data("time, url ,size\n1e1,\"a,b\",10\n12.25, a ,-1\n13,,5\n14,a\n15,a, 3 \n".utf8))
        #expect(cells.requests.map(\.bytes) == [10, 3] && cells.requests.map(\.seconds) == [0, 5] && cells.unreadable == 3)
    }

    @Test(arguments: [TraceFormat.csv, .combined, .squid, .json])
    func `no line that was cut or changed is trusted with more than its bytes`(
        _ format: TraceFormat
    ) {
        let lines: [TraceFormat: String] = [
            .csv: "1066036250.129,\"http://a/,b\",4000",
            .squid: "1066036250.129    100 192.0.2.1 TCP_MISS/200 4000 GET http://a/ - DIRECT/1 text/html",
            .combined: "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a.gif HTTP/1.0\" 200 2326 \"-\" \"x\"",
            .json:
                "{\"time\":\"2026-11-23T10:32:30.123Z\",\"method\":\"GET\",\"target\":\"/a\",\"host\":\"b\",\"status\":200,\"bytes\":7}",
        ]
        let line = Array((lines[format] ?? "").utf8)
        var parser = LineParser(format: format)
        var random = SeededRandom(seed: 5)
        for length in 0...line.count {
            for _ in 0..<20 {
                // In a block of its own length, so that a read past the end is found by the address sanitizer.
                var changed = Array(line.prefix(length))
                if length > 0, random.next() % 4 > 0 {
                    changed[Int(random.next() % UInt64(length))] = UInt8(truncatingIfNeeded: random.next())
                }
                _ = changed.withUnsafeBytes { parser.parse($0) }
            }
        }
        guard case .request = line.withUnsafeBytes({ parser.parse($0) }) else {
            Issue.record("the whole line was not read")
            return
        }
    }

    @Test func `reads Squid's log and Gyre's`() throws {
        let squid =
            "1066036250.129    100 192.0.2.1 TCP_MISS/200 4000 GET http://a/ - DIRECT/1 text/html\n"
            + "1066036251.200      5 192.0.2.1 TCP_HIT/200 4000 GET http://a/ - NONE/- text/html\nx\n"
        let first = try TraceReader().parse(Data(squid.utf8), name: "access.log")
        #expect(first.requests.map(\.object) == [0, 0] && first.unreadable == 1 && first.requests.map(\.bytes) == [4000, 4000])
        let gyre =
            "{\"time\":\"2026-11-23T10:32:30.123Z\",\"client\":\"192.0.2.7\",\"method\":\"GET\",\"target\":\"/a\\\"b\",\"protocol\":\"HTTP/1.1\","
            + "\"host\":\"h\",\"status\":200,\"bytes\":5120}\n{\"time\":null,\"method\":null,\"target\":null}\n{\"time\":broken\n"
        let second = try TraceReader().parse(Data(gyre.utf8), name: "access.log")
        #expect(second.requests.map(\.bytes) == [5120] && second.unreadable == 1)
    }

    @Test(arguments: [
        #"{"time":"2026-11-23T10:32:30Z","method":"GET","target":"/a","host":"h","status":200,"bytes":7}"#,
        #"{ "bytes" : 7, "status":200, "host":"h", "target":"/a", "method":"GET", "time":"2026-11-23T10:32:30.5Z", "x":null }"#,
        #"{"referer":"\"},{\\","time":"2026-11-23T10:32:30.000Z","method":"GET","target":"/a","host":"h","status":200,"bytes":7,"y":-1.5e3}"#,
    ]) func `members of a JSON line are found in any order`(line: String) throws {
        let trace = try TraceReader(format: .json).parse(Data((line + "\n" + line).utf8))
        #expect(trace.requests.map(\.bytes) == [7, 7] && trace.objectCount == 1 && trace.unreadable == 0)
    }

    @Test(arguments: [
        "", "{", "{}", "{\"a\"}", "{\"a\":", "{\"a\":\"b", "{\"a\":\"b\\", "{\"a\":{}}", "{\"a\":1", "{\"a\":1,", "[1]",
        "{\"method\":\"GET\"}",
        #"{"time":"2026-13-23T10:32:30Z","method":"GET","target":"/a","status":200,"bytes":7}"#,
        #"{"time":"2026-11-23 10:32:30Z","method":"GET","target":"/a","status":200,"bytes":7}"#,
        #"{"time":"2026-11-23T10:32:30Z","method":"GET","target":"/a","status":200,"bytes":99999999999999999999}"#,
    ]) func `a JSON line that makes no sense is counted`(line: String) throws {
        let good = #"{"time":"2026-11-23T10:32:30Z","method":"GET","target":"/a","host":"h","status":200,"bytes":7}"#
        let trace = try TraceReader(format: .json).parse(Data((good + "\n" + line + "\n").utf8))
        #expect(trace.requests.count == 1 && trace.unreadable == (line.isEmpty ? 0 : 1))
    }

    @Test func `hosts and paths are told apart`() throws {
        let lines = [("a", "/b"), ("b", "/a"), ("a", "/a"), ("", "/a"), ("a", "/b")].map {
            #"{"time":"2026-11-23T10:32:30Z","method":"GET","target":"\#($0.1)","host":"\#($0.0)","status":200,"bytes":7}"#
        }
        #expect(try TraceReader(format: .json).parse(Data(lines.joined(separator: "\n").utf8)).objectCount == 4)
    }

    @Test func `what cannot be read at all is an error that says so`() {
        #expect(throws: TraceError.self) { try TraceReader().read(path: "/nonexistent/trace.csv") }
        #expect(throws: TraceError.self) { try TraceReader(format: .squid).parse(Data("a\nb\n".utf8)) }
        #expect(throws: TraceError.self) { try TraceReader().parse(Data(), name: "a.u32x3") }
    }

    @Test func `a packed file is unpacked`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let plain = folder.appendingPathComponent("t.csv")
        try "1,a,10\n2,a,10\n".write(to: plain, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", plain.path]
        try process.run()
        process.waitUntilExit()
        #expect(try TraceReader().read(path: plain.path + ".gz").requests.count == 2)
    }
}

@Suite struct ReferenceCacheTests {
    /// A small Zipf-like trace from a seed, sizes between 1 and 20.
    private func trace(_ seed: UInt64) -> Trace {
        var random = SeededRandom(seed: seed)
        let requests = (0..<4000).map { step in
            let object = UInt32(random.next() % (1 + random.next() % 200))
            return TraceRequest(seconds: UInt32(step), object: object, bytes: 1 + object * 7 % 20)
        }
        return Trace(requests: requests)
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `LRU hits exactly what a list kept in order of use would`(seed: UInt64) {
        let trace = trace(seed)
        var cache = ReferencePolicy.lru.makeCache(capacityBytes: 200, objectCount: trace.objectCount)
        var list: [(object: UInt32, bytes: Int)] = []
        for request in trace.requests {
            let expected = list.firstIndex { $0.object == request.object }
            if let expected { list.remove(at: expected) }
            list.append((request.object, Int(request.bytes)))
            while list.reduce(0, { $0 + $1.bytes }) > 200 { list.removeFirst() }
            #expect(cache.request(request.object, bytes: Int(request.bytes), next: .max) == (expected != nil))
        }
    }

    @Test func `nothing beats the optimum by more than sizes explain, and everything hits when all fits`() {
        let trace = trace(5)
        func hits(_ policy: ReferencePolicy, _ capacity: Int) -> Int {
            var cache = policy.makeCache(capacityBytes: capacity, objectCount: trace.objectCount)
            let nexts = trace.nextRequests()
            var hits = 0
            for (position, request) in trace.requests.enumerated()
            where cache.request(request.object, bytes: Int(request.bytes), next: nexts[position]) { hits += 1 }
            return hits
        }
        let optimum = hits(.optimum, 300)
        for policy in ReferencePolicy.allCases {
            #expect(hits(policy, 300) <= optimum + 40, "\(policy)")
            if policy != .s3fifo, policy != .wTinyLFU {
                #expect(hits(policy, 100_000) == trace.requests.count - Set(trace.requests.map(\.object)).count, "\(policy)")
            }
        }
    }
}

@Suite struct StoreModelTests {
    /// Popular objects and a flood of others, in a quarter of a million requests.
    private static let trace: Trace = {
        var random = SeededRandom(seed: 4)
        var numbers = ObjectNumbers()
        let requests = (0..<250_000).map { step in
            // Popularity falls with the square of the number; every third request is for something new.
            let popular = random.next() % 3 != 0
            let draw = Double(random.next() >> 11) / Double(1 << 53)
            let object = popular ? UInt64(20_000 * draw * draw) : UInt64(1_000_000 + step)
            return TraceRequest(seconds: UInt32(step / 100), object: numbers.number(object), bytes: UInt32(2000 + object * 7919 % 30_000))
        }
        return Trace(requests: requests)
    }()

    private func run(
        _ replacement: Replacement,
        share: Double = 0.02,
        _ change: (inout StoreModelConfiguration) -> Void = { _ in }
    )
        -> StoreModelResult
    {
        let bytes = Int(Double(Self.trace.uniqueBytes) * share)
        var configuration = StoreModelConfiguration(memoryBytes: bytes / 20, volumeBytes: bytes, replacement: replacement)
        change(&configuration)
        var model = StoreModel(configuration, objectCount: Self.trace.objectCount)
        for request in Self.trace.requests { model.request(request) }
        return model.result
    }

    @Test func `the default has four points more than the ancestor in a small cache, for a fifth of its bytes`() {
        let (ancestor, own) = (run(.relocateOnHit(percent: 50)), run(.gyre))
        #expect(own.objectHitRatio >= ancestor.objectHitRatio + 0.04, "\(own.objectHitRatio) against \(ancestor.objectHitRatio)")
        #expect(own.deviceBytesWritten * 5 <= ancestor.deviceBytesWritten)
    }

    @Test func `the ancestor's writes grow with its hits`() {
        let (always, half, never) = (run(.relocateOnHit(percent: 0)), run(.relocateOnHit(percent: 50)), run(.relocateOnHit(percent: 100)))
        #expect(always.deviceBytesWritten > half.deviceBytesWritten && half.deviceBytesWritten > never.deviceBytesWritten)
        #expect(never.recordsRelocated == 0 && run(.cyclic).deviceBytesWritten == never.deviceBytesWritten)
        // Everything asked for is written, whether it was a hit or not.
        #expect(always.writtenPerRequestedByte > 0.9)
    }

    @Test func `what it sets by itself is within half a point of the best constants that write no more`() {
        for share in [0.02, 0.2] {
            let own = run(.gyre, share: share)
            var best = 0.0
            for tuning in ShadowCaches.usualCandidates {
                let fixed = run(.gyre, share: share) { $0.tuning = tuning }
                if fixed.deviceBytesWritten <= own.deviceBytesWritten { best = max(best, fixed.objectHitRatio) }
            }
            #expect(own.objectHitRatio >= best - 0.005, "\(own.objectHitRatio) against \(best) at \(share)")
        }
    }

    @Test func `a write budget is kept`() {
        let seconds = Int(Self.trace.requests.last?.seconds ?? 0)
        let free = run(.gyre, share: 0.2)
        let rate = free.deviceBytesWritten / seconds / 3
        let bound = run(.gyre, share: 0.2) {
            $0.bytesPerSecond = rate
            $0.stripeBytes = 65_536
        }
        #expect(bound.deviceBytesWritten <= rate * (seconds + 10))
        #expect(bound.deviceBytesWritten > 0 && bound.objectHitRatio <= free.objectHitRatio)
    }

    @Test func `everything fits: every request but the first is a hit`() {
        let all = run(.gyre, share: 3)
        #expect(all.memoryHits + all.diskHits == Self.trace.requests.count - Self.trace.objectCount)
        #expect(all.recordsRelocated == 0 && all.stripesKept == 0)
    }

    @Test func `without a volume and without memory`() {
        let memoryOnly = run(.gyre) { $0.volumeBytes = 0 }
        #expect(memoryOnly.deviceBytesWritten == 0 && memoryOnly.diskHits == 0 && memoryOnly.memoryHits > 0)
        let diskOnly = run(.gyre) { $0.memoryBytes = 0 }
        #expect(diskOnly.memoryHits == 0 && diskOnly.diskHits > 0)
    }
}

@Suite struct RunnerTests {
    @Test func `runs every configuration and gives results in their order`() async throws {
        let requests = (0..<2000).map { TraceRequest(seconds: UInt32($0), object: UInt32($0 % 100), bytes: 1000) }
        let trace = Trace(requests: requests)
        let subjects = ["gyre", "lru", "cyclic", "optimum", "relocate-on-hit=0", "sieve", "w-tinylfu", "s3-fifo"].compactMap(
            RunConfiguration.Subject.init
        )
        let configurations = subjects.map {
            RunConfiguration(subject: $0, store: StoreModelConfiguration(memoryBytes: 20_000, volumeBytes: 200_000))
        }
        let results = await Runner(trace).run(configurations)
        #expect(results.map(\.configuration.subject) == subjects)
        #expect(results.allSatisfy { $0.totals.requests == 2000 && $0.hitRatios.count == Runner.slices })
        let report = SimulationReport(traceName: "t<r>ace", trace: trace, results: results)
        #expect(report.table.contains("relocate-on-hit=0") && report.csv.split(separator: "\n").count == 9)
        #expect(report.html.contains("t&lt;r>ace") && report.html.contains("<svg") && !report.html.contains("http"))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect((json["results"] as? [Any])?.count == 8 && json["object_hit_ratio"] == nil)
        let one = SimulationReport(traceName: "t", trace: trace, results: [results[1]])
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(one.json.utf8)) as? [String: Any])
        for name in ["object_hit_ratio", "byte_hit_ratio", "device_bytes_written", "bytes_requested", "requests_per_second"] {
            #expect(fields[name] is NSNumber, "\(name)")
        }
    }

    @Test func `what makes no difference to a policy is not run again`() throws {
        var budget = SimulationVariants.Budget(name: "20MB/s")
        budget.bytesPerSecond = 20_000_000
        let variants = SimulationVariants(
            budgets: [.init(name: "no budget"), budget],
            byteShares: [0, 1],
            writtenByteCosts: [0.5],
            tunings: [(0, 2), (1, 4)]
        )
        let store = StoreModelConfiguration(memoryBytes: 1 << 20, volumeBytes: 1 << 24)
        let gyre = variants.configurations(of: .store(.gyre), store)
        #expect(gyre.count == 8 && Set(gyre.map(\.name)).count == 8)
        #expect(gyre.allSatisfy { $0.store.writtenByteCost == 0.5 })
        #expect(gyre.allSatisfy { $0.store.tuning != nil })
        let always = try #require(gyre.first { $0.name == "gyre, 20MB/s, byte share 1.0, q 1.0 T 4.0" })
        #expect(always.store.tuning?.writeChance == Tuning.always)
        let cyclic = variants.configurations(of: .store(.cyclic), store)
        #expect(cyclic.map(\.name) == ["cyclic, no budget", "cyclic, 20MB/s"])
        #expect(cyclic.map(\.store.bytesPerSecond) == [nil, 20_000_000])
        #expect(variants.configurations(of: .reference(.lru), store).map(\.name) == ["lru"])
    }
}
