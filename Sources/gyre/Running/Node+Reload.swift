// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreConfiguration
import GyreProxy

extension Node {
    /// Reads the settings again, and takes rules for sites and users from them. Anything wrong is told, and everything stays as it was.
    func reload(_ load: @Sendable () async throws -> GyreSettings) async {
        guard let new = try? await load() else { return Console.error("gyre: nothing was taken over") }
        guard new.siteRules.origins == settings.siteRules.origins else {
            return Console.error("gyre: origins are other ones, which needs a restart; nothing was taken over")
        }
        var users: UserTable?
        if settings.forward.enabled, settings.forward.users != nil {
            guard let forward = try? new.forwardConfiguration(), let read = forward.users else {
                return Console.error("gyre: nothing was taken over")
            }
            users = read
        }
        await proxy.reload(rules: new.proxyConfiguration.rules, users: users)
        Console.error("gyre: rules for sites and users were read anew; other settings need a restart")
    }
}
