// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// Answers from the stored response.
    func serve(_ served: ReuseDecision.Served, reason: String?, result: RequestResult) {
        guard let stored else { return fail(status: 500, reason: "nothing-stored") }
        phase = .serving
        self.result = result
        outcome.isHit = outcome.forward == nil
        outcome.ttlSeconds = served.ttlSeconds
        outcome.detail = reason
        outcome.source = storedTier == .memory ? .memory : .disk
        receivedMinorVersion = stored.head.receivedMinorVersion
        let policy = proxy.configuration.caching
        let fields = served.stripsFields ? stored.head.fieldsForUnvalidatedUse : stored.head.fields
        switch Preconditions.evaluate(request: cacheRequest, stored: stored.head, policy: policy) {
        case .notModified:
            sendHead(status: 304, fields: NotModifiedResponse.fields(from: fields), ageSeconds: served.ageSeconds, length: .none)
            return finish()
        case .forward:
            return forwardPrecondition()
        case .proceed:
            break
        }
        if request.method == .head {
            sendHead(
                status: stored.head.status,
                fields: fields,
                ageSeconds: served.ageSeconds,
                length: stored.toldByteCount.map { .toldOnly($0) } ?? .none
            )
            return finish()
        }
        switch RangePlan.make(request: cacheRequest, stored: stored.head, policy: policy) {
        case .single(let range, let content):
            sendHead(
                status: 206,
                fields: fields,
                ageSeconds: served.ageSeconds,
                length: .exactly(range.count),
                extra: [("Content-Range", content.fieldValue)]
            )
            sendStored(range.first..<(range.last + 1))
        case .unsatisfiable(let content):
            sendUnsatisfiable(content, ageSeconds: served.ageSeconds)
        case .multiple(let ranges, let length):
            let segments = sendMultipartHead(
                ranges,
                head: stored.head,
                fields: fields,
                completeLength: length,
                ageSeconds: served.ageSeconds
            ) {
                [.stored(stored, $0.first..<$0.last + 1)]
            }
            let stream = BodyStream(exchange: self, segments: segments)
            bodyStream = stream
            stream.start()
        case .whole, .notCovered:
            let hasNoBody = stored.head.status == 204 || stored.head.status == 304
            sendHead(
                status: stored.head.status,
                fields: fields,
                ageSeconds: served.ageSeconds,
                length: hasNoBody ? .none : .exactly(stored.bodyByteCount)
            )
            sendStored(0..<stored.bodyByteCount)
        }
    }

    /// Nothing that the client asks for lies in the representation (RFC 9110 §15.5.17).
    func sendUnsatisfiable(_ content: ContentRange, ageSeconds: Int64) {
        sendHead(
            status: 416,
            fields: HTTPFields(),
            ageSeconds: ageSeconds,
            length: .exactly(0),
            extra: [("Content-Range", content.fieldValue)]
        )
        finish()
    }

    private func sendStored(_ range: Range<UInt64>) {
        guard let stored, sendsBody, !range.isEmpty else { return finish() }
        if let map = stored.fragments {
            let stream = FragmentStream(exchange: self, map: map, range: range)
            self.stream = stream
            stream.start()
        } else if let piece = stored.body.getSlice(at: stored.body.readerIndex + Int(range.lowerBound), length: range.count) {
            sendBody(piece)
            finish()
        } else {
            fail(status: 500, reason: "stored-body")
        }
    }
}
