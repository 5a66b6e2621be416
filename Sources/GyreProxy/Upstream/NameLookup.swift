// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import NIOCore
import NIOPosix
import Synchronization

/// Finds the addresses of a name, on threads that may wait: the system's resolver has no other way.
final class NameLookup: Sendable {
    /// More look-ups than this at a time are refused.
    private static let maxPending = 1024

    private let pool: NIOThreadPool
    private let resolve: (@Sendable (String) -> [String])?
    private let pending = Atomic<Int>(0)

    init(pool: NIOThreadPool, resolve: (@Sendable (String) -> [String])?) {
        self.pool = pool
        self.resolve = resolve
    }

    /// Every address of a name or of an address in text, in the order of the system's preference. Fails with an ``UpstreamFailure``.
    ///
    /// The system cannot be told to give up; who asked is told, and the thread comes back when it does.
    func addresses(of host: String, port: Int, within limit: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        guard pending.wrappingAdd(1, ordering: .relaxed).oldValue < Self.maxPending else {
            pending.subtract(1, ordering: .relaxed)
            return loop.makeFailedFuture(UpstreamFailure.tooManyWaiting)
        }
        let found = pool.runIfActive(eventLoop: loop) { [resolve] in
            let texts = resolve.map { $0(host) }
            return try texts.map { try $0.map { try SocketAddress(ipAddress: $0, port: port) } } ?? Self.system(host, port)
        }
        let answer = loop.makePromise(of: [SocketAddress].self)
        // Whichever comes first counts: a promise that is kept stays so.
        let alarm = loop.scheduleTask(in: limit) { answer.fail(UpstreamFailure.connectTimeout) }
        found.whenComplete { [self] result in
            pending.subtract(1, ordering: .relaxed)
            alarm.cancel()
            switch result {
            case .success(let addresses) where addresses.isEmpty: answer.fail(UpstreamFailure.nameNotFound)
            case .success(let addresses): answer.succeed(addresses)
            case .failure(let error): answer.fail(error as? UpstreamFailure ?? .nameNotFound)
            }
        }
        return answer.futureResult
    }

    private static func system(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { throw UpstreamFailure.nameNotFound }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            // Numeric, so that one address is one text and nothing is asked for again.
            let result = getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if result == 0 {
                let end = text.firstIndex(of: 0) ?? text.count
                let plain = String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if let address = try? SocketAddress(ipAddress: plain, port: port) { addresses.append(address) }
            }
            next = entry.ai_next
        }
        return addresses
    }
}

/// Hands a connection the addresses that have been checked, and no others: the name is not asked for a second time.
final class CheckedAddresses: Resolver {
    private let four: EventLoopFuture<[SocketAddress]>
    private let six: EventLoopFuture<[SocketAddress]>

    init(_ addresses: [SocketAddress], loop: any EventLoop) {
        four = loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet })
        six = loop.makeSucceededFuture(addresses.filter { $0.protocol == .inet6 })
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { four }
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { six }
    func cancelQueries() {}
}
