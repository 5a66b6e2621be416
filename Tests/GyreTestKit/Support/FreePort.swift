// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

import Synchronization

/// Ports on 127.0.0.1 that nobody listens on.
public enum FreePort {
    private static let taken = Mutex<Set<Int>>([])

    /// A free port; each call in a process gives another one.
    ///
    /// The port is let go before it is returned, so another process may take it first. Use port 0 where the server can tell its port.
    public static func next() throws -> Int {
        for _ in 0..<64 {
            let port = try ask()
            if taken.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw TestKitError.systemRefused
    }

    private static func ask() throws -> Int {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        let socket = socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw TestKitError.systemRefused }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) == 0 ? getsockname(socket, generic, &length) : -1
            }
        }
        guard result == 0 else { throw TestKitError.systemRefused }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
