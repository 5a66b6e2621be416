// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the cache until a request comes as far as the origin.
///
/// A cache that was started before its origin may take the origin for dead until it has looked again (Squid asks a parent at its start and
/// answers 502 as long as that one failed); what it answers meanwhile says nothing about it under load.
package struct TargetProbe: Sendable {
    let load: LoadSettings
    /// First part of the paths.
    let run: String
    /// Seconds that it is asked for at most.
    package var seconds = 15.0

    package init(_ load: LoadSettings, run: String) {
        self.load = load
        self.run = run
    }

    /// False when the time is over before anything came to the origin.
    package func reaches(_ origin: OriginListener) async -> Bool {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let before = origin.requests
        let end = ContinuousClock.now + .seconds(seconds)
        var number = 0
        while ContinuousClock.now < end, !Task.isCancelled {
            await ask("/\(run)/probe-\(number)", on: group.next())
            if origin.requests > before { return true }
            number += 1
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    /// Returns when it was answered, or could not be.
    private func ask(_ path: String, on loop: any EventLoop) async {
        let answered = loop.makePromise(of: Void.self)
        let (load, timeout) = (load, TimeAmount.seconds(5))
        loop.execute {
            LoadConnection.connect(on: loop, host: load.host, port: load.port, usesMax: 1, timeout: timeout).assumeIsolated()
                .whenComplete { outcome in
                    guard case .success(let connection) = outcome else { return answered.succeed(()) }
                    loop.assumeIsolated().scheduleTask(in: timeout) {
                        connection.leave()
                        answered.succeed(())
                    }
                    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": load.authority])
                    connection.ask(head, body: nil, ProbeListener(answered))
                }
        }
        try? await answered.futureResult.get()
    }
}

private final class ProbeListener: AnswerListener {
    private let answered: EventLoopPromise<Void>

    init(_ answered: EventLoopPromise<Void>) { self.answered = answered }

    func began(_ head: HTTPResponseHead) {}
    func came(_ bytes: ByteBuffer) {}
    func ended(_ connection: LoadConnection?) { answered.succeed(()) }
    func failed(_ failure: LoadFailure) { answered.succeed(()) }
}
