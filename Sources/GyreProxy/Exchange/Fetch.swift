// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import NIOCore

/// The storing side of a fetch: collects the body while it passes, and makes it findable when it is whole.
final class Fetch {
    /// A fill whose client has left goes on when this many bytes or fewer are missing.
    static let worthFinishingBytes: UInt64 = 4 << 20

    private let writer: ObjectWriter
    private var head: StoredHead
    private let expectedBytes: UInt64?
    let marker: VariantMarker?

    /// - Parameter marker: Stored under the URL's key beside the response, when responses vary.
    init(store: CyclicStore, key: StoreKey, head: StoredHead, expectedBytes: UInt64?, maxBytes: Int, marker: VariantMarker?) {
        self.head = head
        self.expectedBytes = expectedBytes
        self.marker = marker
        writer = ObjectWriter(store: store, key: key, expectedBytes: expectedBytes.map { Int(clamping: $0) }, maxBytes: maxBytes)
    }

    var failure: ObjectWriter.Failure? { writer.failure }

    /// The client has left: is the rest worth fetching for others?
    var isWorthFinishing: Bool {
        guard writer.failure == nil, let expectedBytes else { return false }
        let missing = expectedBytes - min(expectedBytes, UInt64(writer.byteCount))
        return missing <= Self.worthFinishingBytes || missing < expectedBytes / 2
    }

    func append(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { writer.append($0) }
    }

    /// The body is whole. The reason, when it was not stored.
    func complete(trailers: HTTPFields, _ proxy: LoopContext) -> String? {
        guard writer.failure == nil else { return note(writer.failure == .tooLarge ? "body-too-large" : "store-refused", proxy) }
        guard head.complete(bodyByteCount: UInt64(writer.byteCount), trailers: trailers) else {
            writer.abort()
            return note("incomplete", proxy)
        }
        guard writer.finish(metadata: StoredMetadata.encode(head)) != nil else { return note("store-refused", proxy) }
        if let marker { proxy.store.put(marker) }
        return nil
    }

    func abandon(_ reason: String, _ proxy: LoopContext) {
        writer.abort()
        proxy.counters.countNotStored(reason)
    }

    private func note(_ reason: String, _ proxy: LoopContext) -> String {
        proxy.counters.countNotStored(reason)
        return reason
    }
}
