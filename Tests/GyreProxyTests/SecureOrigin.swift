// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit
import NIOCore
import NIOPosix
import NIOSSL

/// Speaks TLS in front of a scripted origin, under the name `secure.test`.
final class SecureOrigin: Sendable {
    let port: Int
    private let listener: any Channel

    init(of origin: FakeOrigin) async throws {
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(Self.certificate)],
                privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(Self.key.utf8), format: .pem))
            )
        )
        let target = origin.port
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.addHandler(Relay(to: target))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    func stop() async { try? await listener.close() }

    static var certificate: NIOSSLCertificate {
        get throws { try NIOSSLCertificate(bytes: Array(certificateText.utf8), format: .pem) }
    }

    /// For tests alone, and for nothing that is trusted elsewhere.
    private static let certificateText = """
        -----BEGIN CERTIFICATE-----
        MIIBaDCCAQ6gAwIBAgICEAAwCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLc2VjdXJl
        LnRlc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjExOTAxMDEwMDAwMDBaMBYxFDASBgNV
        BAMMC3NlY3VyZS50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcSUJDXRc
        qtbLUsURH4VDlQjhE/z3LJzbTRN8DS/gUFGVc4jla71etPMNGh363rcmTmkEmj4q
        FY/h7ecymBGI36NKMEgwDwYDVR0TAQH/BAUwAwEB/zAWBgNVHREEDzANggtzZWN1
        cmUudGVzdDAdBgNVHQ4EFgQUTqrd4BvtxK6+ohmwE9wHMNEWlBwwCgYIKoZIzj0E
        AwIDSAAwRQIhAPN1kQao5/tvFPi7j0HPpuRwj1qOQ7rOL40ub0D4eqkUAiA8XYyo
        EPh29LJO3yOD+ttJzAr2P/ktVVQ0PRe18EeRoQ==
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNysZjAeiy/lZbmxi
        WOPQQ4hgtQtlVmRVSNP+35P/ZbOhRANCAARxJQkNdFyq1stSxREfhUOVCOET/Pcs
        nNtNE3wNL+BQUZVziOVrvV608w0aHfretyZOaQSaPioVj+Ht5zKYEYjf
        -----END PRIVATE KEY-----
        """
}

/// Passes what comes to a port of this machine, and back.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let port: Int
    private var other: EventLoopFuture<any Channel>?

    init(to port: Int) { self.port = port }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        other = ClientBootstrap(group: context.eventLoop)
            .channelInitializer { $0.pipeline.addHandler(Back(bound)) }
            .connect(host: "127.0.0.1", port: port)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        other?.whenSuccess { $0.writeAndFlush(bytes, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { other?.whenSuccess { $0.close(promise: nil) } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private final class Back: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let front: NIOLoopBound<ChannelHandlerContext>

        init(_ front: NIOLoopBound<ChannelHandlerContext>) { self.front = front }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            front.value.writeAndFlush(NIOAny(unwrapInboundIn(data)), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { front.value.close(promise: nil) }
    }
}
