// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching

/// Takes the sample of one event loop. Touched on that loop only.
///
/// A request costs two additions and a comparison; one for an object of the sample 16 bytes more in a block that is there already.
final class LoopSampler {
    private let sampler: RequestSampler
    private var block: RequestSampler.Block

    init(_ sampler: RequestSampler) {
        self.sampler = sampler
        block = sampler.emptyBlock()
    }

    /// Tells of an answer.
    /// - Parameter bytes: Of its body; 0 when it shows none.
    @inline(__always)
    func count(_ hash: KeyHash, bytes: Int, at now: Timestamp) {
        block.seen += 1
        block.bytes += bytes
        if hash.low <= sampler.threshold { keep(hash, bytes: bytes, at: now) }
    }

    /// The same, unless it was an answer that no cache could have given.
    func count(_ record: RequestRecord, at now: Timestamp) {
        let isHead = record.request.methodName == "HEAD"
        guard isHead || record.request.methodName == "GET", Self.mayBeStored(record.status) else { return }
        count(record.keyHash, bytes: isHead || record.status == 304 ? 0 : record.bodyBytesSent, at: now)
    }

    private func keep(_ hash: KeyHash, bytes: Int, at now: Timestamp) {
        let milliseconds = sampler.milliseconds(at: now)
        block.newest = max(block.newest, milliseconds)
        block.requests.append(
            SampledRequest(
                object: hash.low,
                milliseconds: UInt32(truncatingIfNeeded: milliseconds),
                bytes: UInt32(clamping: bytes)
            )
        )
        if block.requests.count == SamplerLimits.blockRequests { flush(at: now) }
    }

    /// Hands over what there is.
    func flush(at now: Timestamp) {
        guard block.seen > 0 else { return }
        block.newest = max(block.newest, sampler.milliseconds(at: now))
        sampler.take(&block)
    }

    /// Statuses that are cacheable by themselves (RFC 9110 §15.1), those of stored responses that are used in part or not sent, and redirections.
    private static func mayBeStored(_ status: Int) -> Bool {
        switch status {
        case 200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501: true
        default: false
        }
    }
}
