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
        var known: Set<[UInt8]> = []
        var pending = 0
    }

    /// Remembered credentials; then they are forgotten and derived anew.
    private static let maxKnown = 4096
    private static let maxPending = 64

    private let users: UserTable
    private let pool: NIOThreadPool
    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())

    init(users: UserTable, pool: NIOThreadPool) {
        self.users = users
        self.pool = pool
    }

    /// Answers at once for what is known or no credentials at all, else later on the loop.
    func check(_ value: String?, on loop: any EventLoop) -> EventLoopFuture<Verdict> {
        guard let value, let credentials = BasicCredentials(value) else { return loop.makeSucceededFuture(.refused) }
        let digest = Array(HMAC<SHA256>.authenticationCode(for: Array(value.utf8), using: key))
        enum Next { case permitted, busy, derive }
        let next = state.withLock { state -> Next in
            if state.known.contains(digest) { return .permitted }
            guard state.pending < Self.maxPending else { return .busy }
            state.pending += 1
            return .derive
        }
        switch next {
        case .permitted: return loop.makeSucceededFuture(.permitted)
        case .busy: return loop.makeSucceededFuture(.busy)
        case .derive:
            return pool.runIfActive(eventLoop: loop) { [self] in
                let isPermitted = users.permits(credentials)
                state.withLock { state in
                    state.pending -= 1
                    guard isPermitted else { return }
                    if state.known.count >= Self.maxKnown { state.known = [] }
                    state.known.insert(digest)
                }
                return isPermitted ? .permitted : .refused
            }
        }
    }
}
