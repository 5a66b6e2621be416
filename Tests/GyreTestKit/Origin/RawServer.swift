// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix
import Synchronization

/// A server of bytes: what it does with a connection is the test's own. The end of input does not end the output.
public final class RawServer: Sendable {
    /// One accepted connection.
    public struct Connection: Sendable {
        let conduit: ByteConduit

        /// The next bytes; `nil` at the end of the stream.
        public func receive() async throws -> [UInt8]? {
            try await conduit.receive(within: .seconds(60)).map { Array($0.readableBytesView) }
        }

        /// Sends text as it is.
        public func send(_ text: String) async throws { try await conduit.send(Array(text.utf8)) }
        /// Sends bytes as they are.
        public func send(_ bytes: [UInt8]) async throws { try await conduit.send(bytes) }
        /// Ends the sending side alone.
        public func finishSending() async throws { try await conduit.finishSending() }
        /// Comes back when the connection is gone.
        public func closed() async { await conduit.closed() }
    }

    /// The port on 127.0.0.1.
    public let port: Int
    private let task: Task<Void, Never>

    /// Listens on a free port, and runs the script for each connection, which is closed behind it.
    public init(_ script: @escaping @Sendable (Connection) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(host: "127.0.0.1", port: 0) { ByteConduit.install(on: $0) }
        guard let port = server.channel.localAddress?.port else { throw TestKitError.systemRefused }
        self.port = port
        task = Task {
            try? await server.executeThenClose { connections in
                await withDiscardingTaskGroup { group in
                    do {
                        for try await conduit in connections {
                            group.addTask {
                                try? await script(Connection(conduit: conduit))
                                await conduit.close()
                            }
                        }
                    } catch {}
                    group.cancelAll()
                }
            }
        }
    }

    /// Closes the port, and waits until the scripts have ended.
    public func stop() async {
        task.cancel()
        await task.value
    }
}
