// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import NIOCore
import NIOHTTP1

/// One request on its way, and the judge of its answer.
final class Flight: AnswerListener {
    let request: PlannedRequest
    let due: NIODeadline
    private(set) var sentAt = NIODeadline.now()
    private unowned let run: WorkloadRun
    private let content: WorkloadOriginContent
    private var connection: LoadConnection?
    private var timer: Scheduled<Void>?
    private var wasRetried = false
    /// The version that the client says it has.
    private var conditionVersion: Int?

    private var status = 0
    private var version: Int?
    private var expected: WorkloadBytes?
    private var length: Int?
    /// When the origin made it, in seconds of the run.
    private var madeAt: Double?
    private var came = 0
    private var isRight = true

    init(_ request: PlannedRequest, due: NIODeadline, run: WorkloadRun) {
        self.request = request
        self.due = due
        self.run = run
        content = run.content
    }

    func send(on connection: LoadConnection) {
        self.connection = connection
        (status, version, expected, length, madeAt, came, isRight) = (0, nil, nil, nil, nil, 0, true)
        sentAt = .now()
        timer = run.loop.assumeIsolated().scheduleTask(in: run.load.timeout) { [self] in
            connection.leave()
            finish(.failure(.timeout), nil)
        }
        connection.ask(head(), body: request.kind == .post ? ByteBuffer(string: "a=1") : nil, self)
    }

    private func head() -> HTTPRequestHead {
        let object = request.object
        var path = object.path(run: content.run)
        // A POST must not take what is stored at the object's URL away (RFC 9111 §4.4): it has a URL of its own.
        if request.kind == .post { path = path.prefix { $0 != "." } + ".form" }
        var head = HTTPRequestHead(
            version: .http1_1,
            method: request.kind == .post ? .POST : request.kind == .head ? .HEAD : .GET,
            uri: path
        )
        head.headers = ["Host": run.load.authority, "User-Agent": "gyre-workload", WorkloadField.request: String(request.number)]
        let now = content.clock.seconds(at: sentAt)
        switch request.kind {
        case .conditionalSame, .conditionalOld:
            let version = object.version(at: now) - (request.kind == .conditionalOld ? 1 : 0)
            conditionVersion = version
            head.headers.add(name: "If-Modified-Since", value: content.clock.date(object.validity(of: version).lowerBound))
        case .reload: head.headers.add(name: "Cache-Control", value: "no-cache")
        case .post: head.headers.add(name: "Content-Length", value: "3")
        case .get, .head, .abort: break
        }
        return head
    }

    // MARK: The answer

    func began(_ head: HTTPResponseHead) {
        status = Int(head.status.code)
        version = head.headers[WorkloadField.version].first.flatMap { Int($0) }
        madeAt = head.headers[WorkloadField.time].first.flatMap { Double($0) }.map { $0 / 1e6 }
        length = head.headers["Content-Length"].first.flatMap { Int($0) }
        expected = version.map { request.object.content(version: $0) }
        if request.kind == .abort {
            connection?.leave()
            finish(nil, nil)
        }
    }

    func came(_ bytes: ByteBuffer) {
        if status == 200, isRight, let expected {
            isRight =
                came + bytes.readableBytes <= request.object.bytes && bytes.withUnsafeReadableBytes { expected.matches($0, from: came) }
        }
        came += bytes.readableBytes
    }

    func ended(_ connection: LoadConnection?) { finish(.success(judge()), connection) }

    func failed(_ failure: LoadFailure) {
        if failure == .closedBeforeAnswer, !wasRetried, let connection, connection.uses > 1 {
            wasRetried = true
            timer?.cancel()
            run.retry(self)
        } else {
            finish(.failure(failure), nil)
        }
    }

    func finish(_ outcome: Result<WrongAnswer?, LoadFailure>?, _ connection: LoadConnection?) {
        timer?.cancel()
        timer = nil
        self.connection = nil
        let isYounger = (madeAt ?? -.infinity) > content.clock.seconds(at: sentAt)
        let answer = Answer(outcome: outcome, status: status, bytes: came, isYounger: isYounger, endedAt: .now())
        run.finished(self, answer, connection)
    }

    /// What became of it; no outcome: the client left.
    struct Answer {
        let outcome: Result<WrongAnswer?, LoadFailure>?
        let status: Int
        let bytes: Int
        /// The origin made it after this request was sent.
        let isYounger: Bool
        let endedAt: NIODeadline
        var isExpectedStatus: Bool { status == 200 || status == 304 }
    }

    private func judge() -> WrongAnswer? {
        let object = request.object
        let sent = content.clock.seconds(at: sentAt)
        let isFromCache = content.reached.reach(of: request.number) == .nowhere
        switch status {
        case 304:
            guard let conditionVersion else { return .notModified }
            return object.validity(of: conditionVersion).upperBound + run.load.staleTolerance < sent ? .notModified : nil
        case 200:
            guard let version, version <= object.version(at: content.clock.now + run.load.staleTolerance) else { return .version }
            if request.kind == .head {
                if let length, length != object.bytes { return .length }
            } else {
                if !isRight { return .bytes }
                if came != object.bytes { return .length }
            }
            if object.validity(of: version).upperBound + run.load.staleTolerance < sent { return .stale }
            return isFromCache && (!object.isCachable || request.kind == .post) ? .shared : nil
        default: return nil
        }
    }
}
