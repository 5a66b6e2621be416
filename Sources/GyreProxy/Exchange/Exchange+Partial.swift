// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// Decides on parts of a representation: serve from them, fetch the one run that is missing, validate them, or ask anew.
    func decide(_ partial: PartialResponse) {
        let tags = PurgeSubject.tags(of: partial.head, primaryKey: primaryKey.bytes)
        switch proxy.purging.marks.verdict(primaryKey: primaryKey.bytes, tags: tags, requestTime: partial.head.requestTime) {
        case .current where !foundStale: self.partial = partial
        case .current, .stale, .gone: return miss(.partial)
        }
        let head = partial.wholeHead
        let policy = proxy.configuration.caching
        if head.isKeptNoLonger(at: Clock.timestamp(), policy) {
            proxy.store.remove(partial.key)
            self.partial = nil
            return miss(.partial)
        }
        let isValid: Bool
        if request.method == .head { return answerHead(from: partial) }
        let decision = ReuseDecision.decide(request: cacheRequest, stored: head, now: Clock.timestamp(), policy: policy)
        switch decision {
        case .fresh: isValid = true
        case .gatewayTimeout(let reason): return fail(status: 504, reason: "only-if-cached (\(reason))")
        case .miss(.varyMiss): return miss(.varyMiss)
        case .staleServable, .validate: isValid = false
        case .miss: return miss(.partial)
        }
        guard let answer = PartialAnswer(cacheRequest, partial, policy) else { return miss(isValid ? .partial : decision.forward) }
        let gaps = answer.gaps(in: partial)
        let areThere = partial.parts.allSatisfy { proxy.store.contains(proxy.store.key(PartialResponse.partKey(partial.key, id: $0.id))) }
        guard areThere else {
            proxy.store.remove(partial.key)
            self.partial = nil
            return miss(.partial)
        }
        let condition = Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy)
        if condition == .forward { return forwardPrecondition() }
        partsSuffice = gaps.isEmpty
        switch decision {
        case .fresh(let served) where gaps.isEmpty || condition == .notModified:
            serveParts(served, reason: nil, result: .hitDisk)
        case .fresh:
            if gaps.count == 1, let condition = partial.head.rangeCondition, !cacheRequest.directives.flags.contains(.onlyIfCached) {
                fetchGap(gaps[0], condition: condition, partial: partial, answer: answer)
            } else {
                miss(.partial)
            }
        case .staleServable(let reason, let served, let revalidates) where gaps.isEmpty:
            if revalidates { revalidateInBackground() }
            serveParts(served, reason: reason.rawValue, result: .stale)
        case .validate(let reason, _) where gaps.isEmpty:
            stored = nil
            if servesDuringOutage(reason) { return }
            outcome.forward = reason.forward
            outcome.detail = reason.rawValue
            let asks: Fill.Asks = cacheRequest.presence.contains(.range) ? .range : .whole
            fetchShared(asks, conditions: Revalidation.conditions(for: [partial.head], isRangeRequest: asks == .range))
        case .staleServable, .validate, .miss, .gatewayTimeout:
            miss(decision.forward)
        }
    }

    /// A HEAD is told the length, if the parts tell it.
    private func answerHead(from partial: PartialResponse) {
        let head = partial.wholeHead
        guard partial.completeLength != nil,
            case .fresh(let served) = ReuseDecision.decide(
                request: cacheRequest,
                stored: head,
                now: Clock.timestamp(),
                policy: proxy.configuration.caching
            )
        else { return miss(.partial) }
        if Preconditions.evaluate(request: cacheRequest, stored: head, policy: proxy.configuration.caching) == .forward {
            return forwardPrecondition()
        }
        serveParts(served, reason: nil, result: .hitDisk)
    }

    private func miss(_ forward: CacheOutcome.Forward) {
        if cacheRequest.directives.flags.contains(.onlyIfCached) {
            return fail(status: 504, reason: "only-if-cached (\(forward.rawValue))")
        }
        stored = nil
        outcome.forward = forward
        fetchForCache(conditions: HTTPFields())
    }

    /// Answers from parts that have all that is asked for.
    func serveParts(_ served: ReuseDecision.Served, reason: String?, result: RequestResult) {
        let policy = proxy.configuration.caching
        guard let partial else { return fail(status: 500, reason: "nothing-stored") }
        phase = .serving
        self.result = result
        outcome.isHit = outcome.forward == nil
        outcome.ttlSeconds = served.ttlSeconds
        outcome.detail = reason
        outcome.source = .disk
        let head = partial.wholeHead
        receivedMinorVersion = head.receivedMinorVersion
        let fields = served.stripsFields ? head.fieldsForUnvalidatedUse : head.fields
        if Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy) == .notModified {
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: fields), ageSeconds: served.ageSeconds, length: .none)
            return finish()
        }
        if request.method == .head {
            sendHead(
                status: 200,
                fields: fields,
                ageSeconds: served.ageSeconds,
                length: partial.completeLength.map { .toldOnly($0) } ?? .none
            )
            return finish()
        }
        guard let answer = PartialAnswer(cacheRequest, partial, policy) else { return fail(status: 500, reason: "nothing-stored") }
        if case .unsatisfiable(let content) = answer { return sendUnsatisfiable(content, ageSeconds: served.ageSeconds) }
        _ = sendPartial(answer, head: head, fields: fields, from: partial, gap: nil, ageSeconds: served.ageSeconds)
    }

    /// Answers from parts that have just been validated.
    func use(_ partial: PartialResponse, isKept: Bool) {
        noteOrigin(status: 304)
        self.partial = partial
        outcome.isStored = isKept
        let now = Clock.timestamp()
        let head = partial.wholeHead
        if !outcome.isCollapsed {
            return serveParts(ReuseDecision.Served(validated: head, at: now), reason: outcome.detail, result: .revalidated)
        }
        let policy = proxy.configuration.caching
        guard request.method == .head || PartialAnswer.suffices(partial, cacheRequest, policy) else {
            return askAgain(marker, alone: true)
        }
        switch ReuseDecision.decide(request: cacheRequest, stored: head, now: now, policy: policy) {
        case .fresh(let served), .staleServable(_, let served, _):
            serveParts(served, reason: outcome.detail, result: .revalidated)
        case .validate, .miss, .gatewayTimeout: askAgain(marker, alone: true)
        }
    }

    /// Asks the origin for one run of bytes, if the representation is still the same.
    private func fetchGap(_ gap: ByteRange, condition: HTTPField, partial: PartialResponse, answer: PartialAnswer) {
        outcome.forward = .partial
        var fields = ForwardedFields.request(request, fields: request.fields, proxy)
        fields.fields = Revalidation.requestFields(fields.fields)
        // To the end is said so: it is the same, and a representation that has grown shows.
        fields.fields[.range] = gap.last + 1 == partial.completeLength ? "bytes=\(gap.first)-" : "bytes=\(gap.first)-\(gap.last)"
        fields.fields.append(condition)
        send(
            fields: fields,
            method: .get,
            methodName: "GET",
            framing: .none,
            GapFetch(exchange: self, partial: partial, gap: gap, answer: answer)
        )
    }

    /// The head and body of an answer made from parts, the gap from the origin.
    func sendPartial(
        _ answer: PartialAnswer,
        head: StoredHead,
        fields: HTTPFields,
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
        case .whole, .unsatisfiable:
            sendHead(status: 200, fields: fields, ageSeconds: ageSeconds, length: .exactly(partial.completeLength ?? 0))
            segments = answer.ranges(completeLength: partial.completeLength).flatMap(pieces)
        case .single(let range, let content):
            sendHead(
                status: 206,
                fields: fields,
                ageSeconds: ageSeconds,
                length: .exactly(range.count),
                extra: [("Content-Range", content.fieldValue)]
            )
            segments = pieces(of: range)
        case .multiple(let ranges):
            segments = sendMultipartHead(
                ranges,
                head: head,
                fields: fields,
                completeLength: partial.completeLength ?? 0,
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
