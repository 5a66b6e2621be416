// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreConfiguration
import GyreProxy
import Synchronization

extension Node {
    /// Reads the settings again, and takes rules for sites, origins and users from them. Anything wrong is told, and everything stays as it was; a setting
    /// that needs a restart is named with its place, and stays as it was alone.
    func reload(_ load: @Sendable () async throws -> GyreSettings) async {
        guard let new = try? await load() else { return Console.error("gyre: nothing was taken over") }
        var users: UserTable?
        if settings.forward.enabled, settings.forward.users != nil, new.forward.users != nil {
            guard let forward = try? new.forwardConfiguration(), let read = forward.users else {
                return Console.error("gyre: nothing was taken over")
            }
            users = read
        }
        // How origins are spoken to needs a restart: it is the same for those of a forward proxy.
        let target = settings.origin.target
        do {
            try await proxy.reload(
                rules: new.proxyConfiguration.rules,
                origin: new.origin.url.map(target),
                namedOrigins: new.siteRules.origins.mapValues(target),
                users: users
            )
        } catch {
            return Console.error("gyre: origins cannot be used: \(error); nothing was taken over")
        }
        let running = running.withLock { running in
            defer { running = running.takingOver(new) }
            return running
        }
        for problem in new.needingRestart(after: running) { Console.error("gyre: \(problem.render())") }
        Console.error("gyre: rules for sites, origins and users were read anew")
    }
}
