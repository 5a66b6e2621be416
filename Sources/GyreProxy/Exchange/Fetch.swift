// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// The storing side of a fetch: collects the body while it passes, and makes it findable when it is whole.
final class Fetch {
    /// A fill whose client has left goes on when this many bytes or fewer are missing.
    static let worthFinishingBytes: UInt64 = 4 << 20

    /// A part that is to be added to a list.
    private struct NewPart: Sendable {
        /// Where the list stands.
        var key: StoreKey
        var part: PartialResponse.Part
        /// The list as it was found before the fetch.
        var known: PartialResponse?
    }

    private let writer: ObjectWriter
    private(set) var head: StoredHead
    private let expectedBytes: UInt64?
    let placement: Placement
    private let primaryKey: [UInt8]
    private let part: NewPart?

    /// A fetch for a response that has just begun: finds the key, by the fields it varies by, and the length.
    init(
        proxy: LoopContext,
        primaryKey: StoreKey,
        marker: VariantMarker?,
        selecting fields: HTTPFields,
        head: StoredHead,
        partial: PartialResponse? = nil,
        _ response: UpstreamResponse
    ) {
        let placement = Placement(head, primaryKey: primaryKey, marker: marker, selecting: fields, proxy)
        var key = placement.key
        if let range = head.partial?.range {
            let id = UInt64.random(in: 1 ... .max)
            part = NewPart(key: key, part: PartialResponse.Part(range: range, id: id), known: partial)
            key = proxy.store.key(PartialResponse.partKey(key, id: id))
        } else {
            part = nil
        }
        if case .length(let count) = response.framing { expectedBytes = count } else { expectedBytes = nil }
        self.head = head
        self.placement = placement
        self.primaryKey = primaryKey.bytes
        writer = ObjectWriter(
            store: proxy.store,
            key: key,
            expectedBytes: expectedBytes.map { Int(clamping: $0) },
            maxBytes: proxy.configuration.maxObjectBytes
        )
    }

    var failure: ObjectWriter.Failure? { writer.failure }

    /// The client has left: is the rest worth fetching for others?
    var isWorthFinishing: Bool {
        guard writer.failure == nil, let expectedBytes else { return false }
        let missing = expectedBytes - min(expectedBytes, UInt64(writer.byteCount))
        return missing <= Self.worthFinishingBytes || missing < expectedBytes / 2
    }

    /// Takes a copy of a piece of the body. When the disk does not keep up, `pause` is called, and `resume` when it does, or when it has taken too long:
    /// no client waits for a disk for more than ``maxWaitMilliseconds``.
    func append(_ bytes: ByteBuffer, _ proxy: LoopContext, pause: () -> Void, resume: @escaping () -> Void) {
        bytes.withUnsafeReadableBytes { writer.append($0) }
        guard writer.isBlocked else { return }
        pause()
        waitForRoom(proxy, then: resume)
    }

    /// The body is whole. The reason, when it is not stored. When there is no room this moment it will be stored a little later.
    func complete(trailers: HTTPFields, _ proxy: LoopContext) -> String? {
        guard writer.failure == nil else { return note(writer.failure == .tooLarge ? "body-too-large" : "store-refused", proxy) }
        guard head.complete(bodyByteCount: UInt64(writer.byteCount), trailers: trailers) else {
            writer.abort()
            return note("incomplete", proxy)
        }
        writer.finish(metadata: StoredMetadata.encode(head), tags: tags(proxy))
        guard writer.failure == nil else { return note("store-refused", proxy) }
        if writer.isBlocked {
            waitForRoom(proxy) { [self] in
                if writer.failure == nil { putMarker(proxy) } else { proxy.counters.countNotStored("store-refused") }
            }
        } else {
            putMarker(proxy)
        }
        return nil
    }

    func tags(_ proxy: LoopContext) -> [UInt64] { PurgeSubject.storeTags(of: head, primaryKey: primaryKey, proxy.store) }

    private func putMarker(_ proxy: LoopContext) {
        guard let part else { return placement.putMarker(head, proxy) }
        // Another part may have come meanwhile, or the whole.
        let newest = part.key.bytes.withUnsafeBytes { proxy.store.objectInMemory(part.key.hash, key: $0) }
        guard newest == nil, proxy.store.contains(part.key) else { return put(part, beside: newest, proxy) }
        let bound = NIOLoopBound((self, proxy), eventLoop: proxy.loop)
        let loop = proxy.loop
        proxy.store.get(part.key) { lookup in
            loop.execute {
                let (fetch, proxy) = bound.value
                switch lookup {
                case .found(let object, _), .stale(let object, _): fetch.put(part, beside: object, proxy)
                case .miss: fetch.put(part, beside: nil, proxy)
                }
            }
        }
    }

    private func put(_ part: NewPart, beside newest: (any StoredObject)?, _ proxy: LoopContext) {
        if let whole = newest as? CachedResponse, whole.head.responseTime >= head.requestTime {
            // It has these bytes, or newer ones: a part does not take its place.
            proxy.store.remove(writer.key)
            return
        }
        let known = newest as? PartialResponse ?? part.known
        let list = PartialResponse.adding(part.part, head: head, to: known, key: part.key, tags: tags(proxy))
        if let list { proxy.store.put(list) }
        placement.putMarker(head, proxy)
    }

    private static let maxWaitMilliseconds: Int64 = 1000

    private func waitForRoom(_ proxy: LoopContext, then done: @escaping () -> Void) {
        let deadline = NIODeadline.now() + .milliseconds(Self.maxWaitMilliseconds)
        tryAgain(NIOLoopBound(RoomWait(fetch: self, proxy: proxy, deadline: deadline, done: done), eventLoop: proxy.loop))
    }

    private func tryAgain(_ wait: NIOLoopBound<RoomWait>) {
        let loop = wait.eventLoop
        let waits = writer.whenRoom {
            loop.execute { wait.value.fetch.gotRoom(wait) }
        }
        if !waits {
            loop.execute { wait.value.fetch.gotRoom(wait) }
        } else if wait.value.timer == nil {
            wait.value.timer = loop.scheduleTask(deadline: wait.value.deadline) { wait.value.fetch.gotRoom(wait) }
        }
    }

    private func gotRoom(_ wait: NIOLoopBound<RoomWait>) {
        guard !wait.value.isOver else { return }
        writer.resume()
        if writer.isBlocked {
            guard NIODeadline.now() >= wait.value.deadline else { return tryAgain(wait) }
            writer.abort()
        }
        wait.value.end()
    }

    /// One wait for room, ended once.
    private final class RoomWait {
        let fetch: Fetch
        let proxy: LoopContext
        let deadline: NIODeadline
        var timer: Scheduled<Void>?
        private var done: (() -> Void)?

        init(fetch: Fetch, proxy: LoopContext, deadline: NIODeadline, done: @escaping () -> Void) {
            self.fetch = fetch
            self.proxy = proxy
            self.deadline = deadline
            self.done = done
        }

        var isOver: Bool { done == nil }

        func end() {
            timer?.cancel()
            let done = done
            self.done = nil
            done?()
        }
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
