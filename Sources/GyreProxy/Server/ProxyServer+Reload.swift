// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPCaching
import NIOCore

extension ProxyServer {
    /// The origins of all routes, and what becomes of those that are others than before.
    struct NewOrigins: Sendable {
        let main: ProxyConfiguration.Origin?
        let named: [String: ProxyConfiguration.Origin]
        /// Nil: taken away.
        let changed: [DestinationPools.Route: UpstreamSettings?]

        /// - Parameters:
        ///   - old: What is in use now.
        ///   - main: The site's origin; one that was not there at the start does not come, and one that was does not go: whether there is one decides what
        ///     is in the keys.
        init(_ old: ProxyConfiguration, main: ProxyConfiguration.Origin?, named: [String: ProxyConfiguration.Origin]) throws {
            var changed: [DestinationPools.Route: UpstreamSettings?] = [:]
            if let main, let before = old.origin, main != before {
                changed[.origin] = .some(try old.upstreamSettings(main))
                self.main = main
            } else {
                self.main = old.origin
            }
            for (name, origin) in named where old.namedOrigins[name] != origin {
                changed[.named(name)] = .some(try old.upstreamSettings(origin))
            }
            for name in old.namedOrigins.keys where named[name] == nil { changed[.named(name)] = .some(nil) }
            self.named = named
            self.changed = changed
        }
    }

    /// Takes new rules, origins and users while it serves. Requests under way keep the rules and the origin that they began with; connections to an
    /// origin that is gone or another one are closed when what is on them has ended. Whoever was let in by a password is asked again.
    ///
    /// What is stored stays: an origin of the same name at another place is taken for the same site.
    ///
    /// - Parameters:
    ///   - rules: Instead of those there are; they may choose only origins that are named.
    ///   - origin: Instead of the one there is; nil: as before. None comes where there was none at the start.
    ///   - namedOrigins: Instead of those there are; nil: as before.
    ///   - users: Instead of those there are. Nil, or where no passwords were asked for at the start: as before.
    /// - Throws: When no TLS connection can be set up for a new origin; nothing was changed then.
    public func reload(
        rules: RuleSet?,
        origin: ProxyConfiguration.Origin? = nil,
        namedOrigins: [String: ProxyConfiguration.Origin]? = nil,
        users: UserTable?
    ) async throws {
        guard let first = contexts.first else { return }
        let current = try await first.eventLoop.submit { first.value.configuration }.get()
        let origins = try NewOrigins(current, main: origin, named: namedOrigins ?? current.namedOrigins)
        purging.reload(rules)
        if let users { shared.forward?.authenticator?.reload(users) }
        for context in contexts {
            try? await context.eventLoop.submit {
                context.value.reload(rules: rules, origins: origins, forgetsCredentials: users != nil)
            }.get()
        }
    }
}
