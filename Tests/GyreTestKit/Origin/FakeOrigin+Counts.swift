// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

extension FakeOrigin {
    struct State {
        struct Route: Hashable {
            var method: String
            var target: String
        }

        var scripts: [Route: Script] = [:]
        var otherwise: Script?
        var task: Task<Void, Never>?
        var heads: [ReceivedHead] = []
        var unexpected = 0
        var connections = 0
        var openConnections = 0
        var bodyBytes = 0
        var failures: [any Error] = []
    }

    /// All request heads in the order of their coming.
    public var received: [ReceivedHead] { state.withLock { $0.heads } }

    /// How many requests came.
    public var requestCount: Int { state.withLock { $0.heads.count } }

    /// How many requests came with this method and target.
    public func count(_ method: String, _ target: String) -> Int { received(method, target).count }

    /// The heads that came with this method and target.
    public func received(_ method: String, _ target: String) -> [ReceivedHead] {
        state.withLock { $0.heads.filter { $0.method == method && $0.target == target } }
    }

    /// How many requests no script was for.
    public var unexpectedCount: Int { state.withLock { $0.unexpected } }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.withLock { $0.connections } }

    /// How many of them are open.
    public var openConnectionCount: Int { state.withLock { $0.openConnections } }

    /// Body bytes that sockets have taken, framing not counted.
    public var bodyBytesSent: Int { state.withLock { $0.bodyBytes } }

    /// What scripts threw and what was wrong with requests. A connection that the peer drops while a reply is sent shows here too.
    public var failures: [any Error] { state.withLock { $0.failures } }

    /// Forgets all that was counted; connections and scripts stay.
    public func resetCounts() {
        state.withLock { state in
            state.heads = []
            state.unexpected = 0
            state.bodyBytes = 0
            state.failures = []
        }
    }
}
