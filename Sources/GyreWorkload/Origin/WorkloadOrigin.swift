// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CacheLab
import CyclicStore
import Foundation
import HTTPCaching
package import NIOCore
package import NIOHTTP1
import Synchronization

/// The time of a run: 0 when it begins. Origin and clients share it.
package final class WorkloadClock: Sendable {
    private let start = Atomic<UInt64>(NIODeadline.now().uptimeNanoseconds)
    private let epoch = Atomic<Int>(Int(Date().timeIntervalSince1970))

    package init() {}

    /// Now is 0.
    func begin() {
        start.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed)
        epoch.store(Int(Date().timeIntervalSince1970), ordering: .relaxed)
    }

    func seconds(at deadline: NIODeadline) -> Double {
        Double(Int64(bitPattern: deadline.uptimeNanoseconds &- start.load(ordering: .relaxed))) / 1e9
    }

    func deadline(at seconds: Double) -> NIODeadline {
        .uptimeNanoseconds(start.load(ordering: .relaxed)) + .nanoseconds(Int64(seconds * 1e9))
    }

    var now: Double { seconds(at: .now()) }

    /// A moment of the run as HTTP writes it.
    func date(_ seconds: Double) -> String {
        HTTPDate.string(Timestamp(seconds: Int64(epoch.load(ordering: .relaxed)) + Int64(seconds.rounded(.down))))
    }

    /// A date of HTTP in whole seconds of the run.
    func seconds(of date: String) -> Double? {
        HTTPDate.parse(date, now: Timestamp(seconds: Int64(epoch.load(ordering: .relaxed)))).map {
            Double($0.wholeSeconds - Int64(epoch.load(ordering: .relaxed)))
        }
    }
}

/// Which requests came as far as the origin: what did not is a hit, whatever the cache calls it.
final class ReachedRequests: Sendable {
    private let flags = Mutex<[UInt8]>([])

    /// How far a request came.
    enum Reach: UInt8 {
        case nowhere
        case origin
        /// The origin said that nothing has changed.
        case validated
    }

    func mark(_ number: Int, _ reach: Reach) {
        guard number >= 0 else { return }
        flags.withLock { flags in
            if flags.count <= number { flags.append(contentsOf: repeatElement(0, count: number + 1 - flags.count)) }
            flags[number] = reach.rawValue
        }
    }

    func reach(of number: Int) -> Reach {
        flags.withLock { $0.indices.contains(number) ? Reach(rawValue: $0[number]) ?? .nowhere : .nowhere }
    }
}

/// The names of the fields that origin and clients tell each other things in.
enum WorkloadField {
    static let request = "X-Workload-Request"
    static let version = "X-Workload-Version"
    /// When the origin made the answer, in microseconds of the run.
    static let time = "X-Workload-Time"
}

/// The origin of a workload: keeps nothing, since every object follows from its URL, the seed and the time.
package struct WorkloadOriginContent: OriginContent {
    let seed: UInt64
    let daySeconds: Double
    /// Tells the URLs of this run from those of others.
    package let run: String
    /// Mean think time in seconds; its deviation is two fifths of it (PolyMix-4: 2.5 s and 1 s).
    var thinkSeconds: Double
    package let clock: WorkloadClock
    let reached = ReachedRequests()
    private let random: Random

    private final class Random: Sendable {
        let state: Mutex<SeededRandom>
        init(seed: UInt64) { state = Mutex(SeededRandom(seed: seed)) }
    }

    /// Ranks of PolyMix-4's `zipf(16)`: requests that a connection to the origin takes.
    private static let connectionUses = ZipfRanks(count: 16, exponent: 1)

    package init(_ settings: WorkloadSettings, run: String, thinkSeconds: Double, clock: WorkloadClock = WorkloadClock()) {
        seed = settings.seed
        daySeconds = settings.daySeconds
        self.run = run
        self.thinkSeconds = thinkSeconds
        self.clock = clock
        random = Random(seed: settings.seed &+ 1)
    }

    package func thinkTime() -> TimeAmount? {
        guard thinkSeconds > 0 else { return nil }
        let seconds = random.state.withLock { Distribution.normal(mean: thinkSeconds, deviation: thinkSeconds * 0.4).sample(&$0) }
        return .nanoseconds(Int64(max(0, seconds) * 1e9))
    }

    package func requestsPerConnection() -> Int { random.state.withLock { Self.connectionUses.sample(&$0) } }

    package func answer(_ request: HTTPRequestHead) -> OriginAnswer {
        let path = request.uri.hasPrefix("http://") ? "/" + (request.uri.split(separator: "/", maxSplits: 2).last ?? "") : request.uri
        let asker = request.headers[WorkloadField.request].first.flatMap { Int($0) } ?? -1
        guard let number = WorkloadObject.number(path: path, run: run) else {
            reached.mark(asker, .origin)
            return OriginAnswer(status: .notFound, fields: ["Cache-Control": "no-store"])
        }
        let object = WorkloadObject(seed: seed, number: number, daySeconds: daySeconds)
        let now = clock.now
        let version = object.version(at: now)
        let validity = object.validity(of: version)
        var fields: HTTPHeaders = [
            "Content-Type": object.kind.mediaType, WorkloadField.version: String(version), WorkloadField.time: String(Int(now * 1e6)),
            "Date": clock.date(now),
            "ETag": "\"\(number)-\(version)\"", "Last-Modified": clock.date(validity.lowerBound),
        ]
        if request.method == .POST {
            fields.add(name: "Cache-Control", value: "no-store")
        } else if object.isCachable {
            fields.add(name: "Cache-Control", value: "public, max-age=\(Int(validity.upperBound - now))")
        } else {
            fields.add(name: "Cache-Control", value: number % 2 == 0 ? "no-store" : "private, max-age=3600")
        }
        if isUnchanged(request, number, version, validity) {
            reached.mark(asker, .validated)
            return OriginAnswer(status: .notModified, fields: fields)
        }
        reached.mark(asker, .origin)
        var body = ByteBuffer()
        body.writeWithUnsafeMutableBytes(minimumWritableBytes: object.bytes) { space in
            object.content(version: version).fill(UnsafeMutableRawBufferPointer(rebasing: space[..<object.bytes]))
            return object.bytes
        }
        return OriginAnswer(status: .ok, fields: fields, body: body)
    }

    /// RFC 9110 §13.2.2: `If-Modified-Since` counts only without `If-None-Match`.
    private func isUnchanged(_ request: HTTPRequestHead, _ number: Int, _ version: Int, _ validity: Range<Double>) -> Bool {
        guard request.method == .GET || request.method == .HEAD else { return false }
        let tags = request.headers["If-None-Match"]
        if !tags.isEmpty { return tags.contains { $0.contains("\"\(number)-\(version)\"") } }
        guard let date = request.headers["If-Modified-Since"].first, let since = clock.seconds(of: date) else { return false }
        return since >= validity.lowerBound.rounded(.down)
    }
}
