// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Crypto
import NIOCore
import NIOPosix
import Synchronization

/// Checks the credentials of requests. A password is derived once, on a thread; afterwards its digest under a key of this process is enough.
final class Authenticator: Sendable {
    enum Verdict: Sendable {
        case permitted
        case refused
        /// Too many passwords are being checked.
        case busy
    }

    private struct State {
        var users: UserTable
        /// How often there were new users.
        var generation = 0
        var known: Set<[UInt8]> = []
        var pending = 0
    }

    /// Remembered credentials; then they are forgotten and derived anew.
    private static let maxKnown = 4096
    private static let maxPending = 64

    private let pool: NIOThreadPool
    private let key = SymmetricKey(size: .bits256)
    private let state: Mutex<State>

    init(users: UserTable, pool: NIOThreadPool) {
        self.pool = pool
        state = Mutex(State(users: users))
    }

    /// Other users from now on. What was right is derived anew.
    func reload(_ users: UserTable) {
        state.withLock { state in
            state.users = users
            state.generation += 1
            state.known = []
        }
    }

    /// Answers at once for what is known or no credentials at all, else later on the loop.
    func check(_ value: String?, on loop: any EventLoop) -> EventLoopFuture<Verdict> {
        guard let value, let credentials = BasicCredentials(value) else { return loop.makeSucceededFuture(.refused) }
        let digest = Array(HMAC<SHA256>.authenticationCode(for: Array(value.utf8), using: key))
        enum Next { case permitted, busy, derive(UserTable, generation: Int) }
        let next = state.withLock { state -> Next in
            if state.known.contains(digest) { return .permitted }
            guard state.pending < Self.maxPending else { return .busy }
            state.pending += 1
            return .derive(state.users, generation: state.generation)
        }
        switch next {
        case .permitted: return loop.makeSucceededFuture(.permitted)
        case .busy: return loop.makeSucceededFuture(.busy)
        case .derive(let users, let generation):
            return pool.runIfActive(eventLoop: loop) { [self] in
                let isPermitted = users.permits(credentials)
                state.withLock { state in
                    state.pending -= 1
                    guard isPermitted, state.generation == generation else { return }
                    if state.known.count >= Self.maxKnown { state.known = [] }
                    state.known.insert(digest)
                }
                return isPermitted ? .permitted : .refused
            }
        }
    }
}
