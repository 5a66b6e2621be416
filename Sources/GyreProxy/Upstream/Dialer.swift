// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix

/// Opens connections to hosts that clients have named: the name is resolved once, each address is judged, and one of those that passed is connected to.
struct Dialer: Sendable {
    let lookup: NameLookup
    let addressGuard: AddressGuard
    let ownPort: BoundPort

    /// Fails with an ``UpstreamFailure``, or as NIO does.
    ///
    /// - Parameters:
    ///   - bootstrap: Complete but for the addresses.
    ///   - limit: How long the look-up may take; the bootstrap has the time for the rest.
    func connect(
        _ bootstrap: ClientBootstrap,
        host: String,
        port: Int,
        within limit: TimeAmount,
        on loop: any EventLoop
    ) -> EventLoopFuture<any Channel> {
        let bound = NIOLoopBound(bootstrap, eventLoop: loop)
        var addressGuard = addressGuard
        addressGuard.ownPorts.insert(ownPort.value)
        let judge = addressGuard
        return lookup.addresses(of: host, port: port, within: limit, on: loop).flatMap { addresses in
            var refusal: AddressGuard.Refusal?
            let permitted = addresses.filter { address in
                guard let plain = IPAddress(address) else { return false }
                guard let reason = judge.refusal(plain, port: port) else { return true }
                refusal = reason
                return false
            }
            guard !permitted.isEmpty else {
                return loop.makeFailedFuture(refusal == .own ? UpstreamFailure.ownAddress : .addressNotPermitted)
            }
            return bound.value.resolver(CheckedAddresses(permitted, loop: loop)).connect(host: host, port: port)
        }
    }
}
