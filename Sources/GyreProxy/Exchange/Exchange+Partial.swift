// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// The status of an answer that is made from parts, and the runs of bytes in it.
enum PartialAnswer {
    case whole
    case single(ByteRange, ContentRange)
    case multiple([ByteRange])

    func ranges(completeLength: UInt64) -> [ByteRange] {
        switch self {
        case .whole: ByteRange(first: 0, last: completeLength - 1).map { [$0] } ?? []
        case .single(let range, _): [range]
        case .multiple(let ranges): ranges
        }
    }
}

extension Exchange {
    /// Decides on parts of a representation: serve from them, fetch the one run that is missing, or ask anew.
    func decide(_ partial: PartialResponse) {
        let head = partial.wholeHead
        let tags = PurgeSubject.tags(of: partial.head, primaryKey: primaryKey.bytes)
        switch proxy.purging.marks.verdict(primaryKey: primaryKey.bytes, tags: tags, requestTime: partial.head.requestTime) {
        case .current where !foundStale: self.partial = partial
        case .current, .stale, .gone: return miss(.partial)
        }
        let now = Clock.timestamp()
        let policy = proxy.configuration.caching
        guard request.method == .get, partial.completeLength > 0 else { return miss(.partial) }
        let served: ReuseDecision.Served
        switch ReuseDecision.decide(request: cacheRequest, stored: head, now: now, policy: policy) {
        case .fresh(let fresh): served = fresh
        case .gatewayTimeout(let reason): return fail(status: 504, reason: "only-if-cached (\(reason))")
        case .miss(.varyMiss): return miss(.varyMiss)
        case .staleServable, .validate: return miss(.stale)
        case .miss: return miss(.partial)
        }
        let answer: PartialAnswer
        switch RangePlan.make(request: cacheRequest, stored: head, policy: policy) {
        case .whole, .notCovered: answer = .whole
        case .single(let range, let content): answer = .single(range, content)
        case .multiple(let ranges, _): answer = .multiple(ranges)
        case .unsatisfiable: return miss(.partial)
        }
        let coverage = partial.coverage
        let gaps = answer.ranges(completeLength: partial.completeLength).flatMap { coverage.missing(in: $0) }
        let parts = partial.parts.map { proxy.store.key(PartialResponse.partKey(partial.key, id: $0.id)) }
        let areThere = parts.allSatisfy { proxy.store.contains($0) }
        guard areThere else {
            proxy.store.remove(partial.key)
            return miss(.partial)
        }
        if cacheRequest.directives.flags.contains(.onlyIfCached), !gaps.isEmpty {
            return fail(status: 504, reason: "only-if-cached (partial)")
        }
        switch Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy) {
        case .notModified:
            phase = .serving
            outcome.isHit = true
            outcome.ttlSeconds = served.ttlSeconds
            outcome.source = .disk
            result = .hitDisk
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: head), ageSeconds: served.ageSeconds, length: .none)
            return finish()
        case .failed: return fail(status: 412, reason: "precondition-failed")
        case .proceed: break
        }
        if gaps.isEmpty {
            phase = .serving
            outcome.isHit = true
            outcome.ttlSeconds = served.ttlSeconds
            outcome.source = .disk
            result = .hitDisk
            _ = sendPartial(answer, head: head, from: partial, gap: nil, ageSeconds: served.ageSeconds)
        } else if gaps.count == 1, let condition = partial.head.rangeCondition {
            fetchGap(gaps[0], condition: condition, partial: partial, answer: answer)
        } else {
            miss(.partial)
        }
    }

    private func miss(_ forward: CacheOutcome.Forward) {
        stored = nil
        outcome.forward = forward
        fetchForCache(conditions: HTTPFields())
    }

    /// Asks the origin for one run of bytes, if the representation is still the same.
    private func fetchGap(_ gap: ByteRange, condition: HTTPField, partial: PartialResponse, answer: PartialAnswer) {
        outcome.forward = .partial
        var fields = ForwardedFields.request(request, fields: request.fields, configuration: proxy.configuration)
        fields = Revalidation.requestFields(fields)
        // To the end is said so: it is the same, and a representation that has grown shows.
        fields[.range] = gap.last == partial.completeLength - 1 ? "bytes=\(gap.first)-" : "bytes=\(gap.first)-\(gap.last)"
        fields.append(condition)
        send(
            fields: fields,
            method: .get,
            methodName: "GET",
            framing: .none,
            GapFetch(exchange: self, partial: partial, gap: gap, answer: answer)
        )
    }

    /// A range of which nothing useful is stored: the request goes on as it is, and the part that comes is kept.
    func fetchRange() {
        if outcome.forward == nil { outcome.forward = .miss }
        result = .miss
        let fields = ForwardedFields.request(request, fields: request.fields, configuration: proxy.configuration)
        send(fields: fields, method: .get, methodName: "GET", framing: .none, PassThrough(exchange: self, stores: true))
    }

    /// The head and body of an answer made from parts, the gap from the origin.
    func sendPartial(
        _ answer: PartialAnswer,
        head: StoredHead,
        from partial: PartialResponse,
        gap: ByteRange?,
        ageSeconds: Int64? = nil
    ) -> BodyStream? {
        func pieces(of wanted: ByteRange) -> [BodyStream.Segment] {
            var result: [BodyStream.Segment] = []
            func add(_ first: UInt64, _ last: UInt64) {
                guard first <= last, let run = ByteRange(first: first, last: last), let places = partial.places(of: run) else { return }
                for (part, range) in places {
                    let key = proxy.store.key(PartialResponse.partKey(partial.key, id: part.id))
                    result.append(.part(key, range.first - part.range.first..<range.last - part.range.first + 1))
                }
            }
            guard let gap, gap.first <= wanted.last, gap.last >= wanted.first else {
                add(wanted.first, wanted.last)
                return result
            }
            if gap.first > wanted.first { add(wanted.first, gap.first - 1) }
            result.append(.origin(gap.count))
            if gap.last < wanted.last { add(gap.last + 1, wanted.last) }
            return result
        }
        let segments: [BodyStream.Segment]
        switch answer {
        case .whole:
            sendHead(status: 200, fields: head.fields, ageSeconds: ageSeconds, length: .exactly(partial.completeLength))
            segments = answer.ranges(completeLength: partial.completeLength).flatMap(pieces)
        case .single(let range, let content):
            sendHead(
                status: 206,
                fields: head.fields,
                ageSeconds: ageSeconds,
                length: .exactly(range.count),
                extra: [("Content-Range", content.fieldValue)]
            )
            segments = pieces(of: range)
        case .multiple(let ranges):
            segments = sendMultipartHead(
                ranges,
                head: head,
                fields: head.fields,
                completeLength: partial.completeLength,
                ageSeconds: ageSeconds,
                pieces
            )
        }
        guard sendsBody else {
            finish()
            return nil
        }
        let stream = BodyStream(exchange: self, segments: segments)
        bodyStream = stream
        stream.start()
        return stream
    }

    /// The head of a `multipart/byteranges` answer (RFC 9110 §14.6), and what its body is made of.
    func sendMultipartHead(
        _ ranges: [ByteRange],
        head: StoredHead,
        fields: HTTPFields,
        completeLength: UInt64,
        ageSeconds: Int64?,
        _ pieces: (ByteRange) -> [BodyStream.Segment]
    ) -> [BodyStream.Segment] {
        // Random enough not to occur in any representation.
        let boundary = "gyre" + String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
        let type = head.fields.first { $0.name == .contentType }
        let plan = MultipartPlan(ranges: ranges, completeLength: completeLength, contentType: type, boundary: boundary)
        var fields = fields
        fields[.contentType] = "multipart/byteranges; boundary=\(boundary)"
        sendHead(status: 206, fields: fields, ageSeconds: ageSeconds, length: .exactly(plan.bodyByteCount))
        var segments: [BodyStream.Segment] = []
        for part in plan.parts {
            segments.append(.bytes(ByteBuffer(bytes: part.head)))
            segments += pieces(part.range)
        }
        segments.append(.bytes(ByteBuffer(bytes: plan.closing)))
        return segments
    }
}
