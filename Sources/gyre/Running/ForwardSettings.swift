// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import GyreConfiguration
import GyreProxy
import HTTPCaching

extension GyreSettings {
    /// The settings of the forward proxy as the proxy takes them. Ends the program when the file of users cannot be used.
    func forwardConfiguration() throws -> ProxyConfiguration.Forward {
        var proxy = ProxyConfiguration.Forward()
        proxy.clients = forward.clients.compactMap { AddressRange($0) }
        proxy.ports = PortList(forward.ports)
        proxy.connectPorts = PortList(forward.connectPorts)
        proxy.allowedHosts = forward.allowHosts.compactMap { HostPattern($0) }
        proxy.deniedHosts = forward.denyHosts.compactMap { HostPattern($0) }
        proxy.allowedPrivate = forward.allowPrivate.compactMap { AddressRange($0) }
        proxy.maxDestinations = forward.destinations
        proxy.connectionsPerHost = forward.connections
        proxy.connectTimeoutMilliseconds = Int64(origin.connectTimeout.milliseconds)
        proxy.readTimeoutMilliseconds = Int64(origin.readTimeout.milliseconds)
        if let admin = admin.listen { proxy.ownPorts.insert(Int(admin.port)) }
        if let path = forward.users { proxy.users = try Self.users(path) }
        return proxy
    }

    /// What the running program is, for the line that says so.
    var roleNote: String {
        switch (origin.url, forward.enabled) {
        case (let url?, true): "caches \(url), and is a forward proxy"
        case (let url?, false): "caches \(url)"
        case (nil, _): "is a forward proxy"
        }
    }

    private static func users(_ path: String) throws -> UserTable {
        do {
            let users = try UserTable(text: String(contentsOfFile: path, encoding: .utf8))
            if users.isEmpty { Console.error("gyre: warning: forward.users: \(path) names nobody, so nobody is let in") }
            return users
        } catch let problem as UserTable.Problem {
            Console.error("gyre: \(path):\(problem.line): \(problem.text)")
        } catch {
            Console.error("gyre: forward.users: \(path) cannot be read")
        }
        throw ExitCode(1)
    }
}
