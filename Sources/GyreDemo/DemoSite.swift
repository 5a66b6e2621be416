// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreWorkload
import NIOCore
import NIOHTTP1

/// The small site the demo puts the cache in front of: an HTTP/1.1 origin on a free port of the loopback address.
public final class DemoSite: Sendable {
    let content: DemoContent
    private let listener: OriginListener

    /// Starts the site.
    public static func start() async throws -> DemoSite {
        let content = DemoContent()
        return DemoSite(content, try await OriginListener.start(content: content))
    }

    private init(_ content: DemoContent, _ listener: OriginListener) {
        self.content = content
        self.listener = listener
    }

    /// Its port.
    public var port: Int { listener.port }
    /// Requests answered.
    public var requests: Int { listener.requests }
    /// Bytes of bodies sent.
    public var bytes: Int { listener.bytes }

    /// Stops at once.
    public func shutDown() async { await listener.shutDown() }
}

extension DemoContent: OriginContent {
    func answer(_ request: HTTPRequestHead) -> OriginAnswer {
        let resource = resources[request.uri]
        var answer = OriginAnswer(
            status: resource == nil ? .notFound : .ok,
            body: ByteBuffer(bytes: resource?.body ?? Array("there is no \(request.uri)\n".utf8))
        )
        answer.fields.add(name: "Content-Type", value: resource?.contentType ?? "text/plain; charset=utf-8")
        answer.fields.add(name: "Cache-Control", value: resource?.cacheControl ?? "max-age=5")
        if let vary = resource?.vary { answer.fields.add(name: "Vary", value: vary) }
        guard let etag = resource?.etag else { return answer }
        answer.fields.add(name: "ETag", value: etag)
        if request.headers["If-None-Match"].contains(etag) { answer.status = .notModified }
        return answer
    }
}
