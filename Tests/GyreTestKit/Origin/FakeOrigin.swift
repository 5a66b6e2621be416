// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 origin that does what a test tells it to, right or wrong, and remembers what it was asked.
///
/// ```swift
/// let origin = try await FakeOrigin.start()
/// origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "hello") }
/// …
/// #expect(origin.count("GET", "/a") == 1)
/// await origin.stop()
/// ```
/// What no script knows is answered with 404 and counted in ``unexpectedCount``.
public final class FakeOrigin: Sendable {
    /// A script for a request. What it throws closes the connection and is kept in ``failures``.
    public typealias Script = @Sendable (OriginRequest) async throws -> OriginReply

    /// The port on 127.0.0.1.
    public let port: Int
    let state = Mutex(State())

    private init(port: Int) { self.port = port }

    /// Starts to listen on 127.0.0.1.
    ///
    /// - Parameter port: 0 takes any free port; the port of an origin that was stopped can be taken again.
    public static func start(port: Int = 0) async throws -> FakeOrigin {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .bind(host: "127.0.0.1", port: port) { ByteConduit.install(on: $0) }
        guard let port = server.channel.localAddress?.port else { throw TestKitError.systemRefused }
        let origin = FakeOrigin(port: port)
        let task = Task { await origin.run(server) }
        origin.state.withLock { $0.task = task }
        return origin
    }

    /// `http://127.0.0.1:PORT`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// `127.0.0.1:PORT`
    public var authority: String { "127.0.0.1:\(port)" }

    /// Answers requests for exactly this method and target. The last script told for them counts.
    public func on(_ method: String, _ target: String, _ script: @escaping Script) {
        state.withLock { $0.scripts[State.Route(method: method, target: target)] = script }
    }

    /// Answers all that no other script is for.
    public func otherwise(_ script: @escaping Script) {
        state.withLock { $0.otherwise = script }
    }

    /// Closes the port and every connection, and waits until they are gone. A second call does nothing.
    public func stop() async {
        let task = state.withLock { state in
            defer { state.task = nil }
            return state.task
        }
        task?.cancel()
        await task?.value
    }
}

/// Runs a body with an origin that is stopped behind it, whatever happens.
public func withFakeOrigin<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (FakeOrigin) async throws -> sending Value
) async throws -> sending Value {
    let origin = try await FakeOrigin.start()
    do {
        let value = try await body(origin)
        await origin.stop()
        return value
    } catch {
        await origin.stop()
        throw error
    }
}
