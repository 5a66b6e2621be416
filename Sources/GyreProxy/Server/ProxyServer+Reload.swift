// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPCaching
import NIOCore

extension ProxyServer {
    /// Takes new rules and new users while it serves. Requests under way keep the rules that they began with; whoever was let in by a password is asked again.
    ///
    /// - Parameters:
    ///   - rules: Instead of those there are; they may choose only origins that were named at the start.
    ///   - users: Instead of those there are. Nil, or where no passwords were asked for at the start: as before.
    public func reload(rules: RuleSet?, users: UserTable?) async {
        purging.reload(rules)
        if let users { shared.forward?.authenticator?.reload(users) }
        for context in contexts {
            try? await context.eventLoop.submit { context.value.reload(rules: rules, forgetsCredentials: users != nil) }.get()
        }
    }
}
