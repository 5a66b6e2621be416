// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore

extension Fetch {
    /// Keeps the beginning of a whole that was cut short as a part (RFC 9111 §3.3): only the rest is asked for then. That needs a length that was told
    /// and a strong validator, by which the rest is known to belong to it.
    ///
    /// - Parameter pieces: All that has come.
    func keepBeginning(_ pieces: some Sequence<ByteBuffer>, _ proxy: LoopContext) {
        var byteCount: UInt64 = 0
        for piece in pieces { byteCount += UInt64(piece.readableBytes) }
        guard head.status == 200, head.rangeCondition != nil, let length = head.bodyByteCount, byteCount > 0, byteCount < length,
            let range = ByteRange(first: 0, last: byteCount - 1), let told = ContentRange(range: range, completeLength: length),
            proxy.store.contains(placement.key) == false
        else { return }
        var part = head
        part.status = 206
        part.partial = told
        part.rules.insert(.partial)
        part.bodyByteCount = byteCount
        part.fields = part.fields.filter { $0.name != .contentLength }
        part.fields.append(.init(name: .contentRange, value: told.fieldValue))
        let id = UInt64.random(in: 1 ... .max)
        let writer = ObjectWriter(
            store: proxy.store,
            key: proxy.store.key(PartialResponse.partKey(placement.key, id: id)),
            expectedBytes: Int(byteCount),
            maxBytes: proxy.configuration.maxObjectBytes
        )
        for piece in pieces { piece.withUnsafeReadableBytes { writer.append($0) } }
        guard writer.failure == nil, !writer.isBlocked, part.complete(bodyByteCount: byteCount) else { return writer.abort() }
        writer.finish(metadata: StoredMetadata.encode(part), tags: tags(proxy))
        guard writer.failure == nil, !writer.isBlocked else { return writer.abort() }
        let list = PartialResponse(key: placement.key, head: part, parts: [.init(range: range, id: id)], tags: tags(proxy))
        if let list { proxy.store.put(list) }
        placement.putMarker(part, proxy)
    }
}
