// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix

/// Ports of the loopback address.
enum LoopbackPort {
    /// Whether nobody listens there now. Somebody may a moment later; then listening fails with its own message.
    static func isFree(_ port: Int) -> Bool {
        let probe = try? ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port).wait()
        guard let probe else { return false }
        try? probe.close().wait()
        return true
    }
}
