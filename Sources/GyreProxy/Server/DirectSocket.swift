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

/// The socket below a channel, for answers that it takes whole: one system call, without the way through the pipeline, which costs as much as all that
/// Gyre does for a hit. What the socket does not take goes through the channel, as does everything while the channel itself has bytes to send, so the
/// order stays.
///
/// Lives on the channel's loop. Only for a channel whose last handler before the socket is the one that has this: with TLS there is none.
struct DirectSocket {
    private static let none: CInt = -1

    /// Valid from ``open(_:)`` to ``close()``.
    private var descriptor = DirectSocket.none
    /// The channel was given bytes, and may have some of them still.
    private var channelMayHaveBytes = false

    /// The channel is active. One that is no socket has nothing to be written to directly.
    mutating func open(_ channel: any Channel) {
        let found = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
        descriptor = found.flatMap { $0 } ?? Self.none
    }

    /// The channel is not active any more: its socket may be another's by now.
    mutating func close() { descriptor = Self.none }

    /// Something goes out through the channel: what follows waits behind it.
    mutating func noteChannelWrite() { channelMayHaveBytes = true }

    /// Sends what the socket takes at once, and moves the reader index past it. Whatever is left goes through the channel, which also tells of errors.
    mutating func send(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) {
        guard isReady(context) else { return }
        let sent = bytes.withUnsafeReadableBytes { Self.send(descriptor, $0) }
        if sent > 0 { bytes.moveReaderIndex(forwardBy: sent) }
    }

    /// The same for two buffers that follow each other, without a copy.
    mutating func send(_ first: inout ByteBuffer, _ second: inout ByteBuffer, _ context: ChannelHandlerContext) {
        guard isReady(context) else { return }
        let sent = first.withUnsafeReadableBytes { first in second.withUnsafeReadableBytes { Self.send(descriptor, first, $0) } }
        guard sent > 0 else { return }
        let ofFirst = min(sent, first.readableBytes)
        first.moveReaderIndex(forwardBy: ofFirst)
        second.moveReaderIndex(forwardBy: sent - ofFirst)
    }

    private mutating func isReady(_ context: ChannelHandlerContext) -> Bool {
        guard descriptor != Self.none else { return false }
        guard channelMayHaveBytes else { return true }
        guard let left = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes), left == 0 else { return false }
        channelMayHaveBytes = false
        return true
    }

    #if canImport(Darwin)
    private static let flags: CInt = 0
    #else
    private static let flags = CInt(MSG_NOSIGNAL)
    #endif

    private static func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
        Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
        #elseif canImport(Musl)
        Musl.send(descriptor, bytes.baseAddress, bytes.count, flags)
        #else
        Darwin.send(descriptor, bytes.baseAddress, bytes.count, flags)
        #endif
    }

    private static func send(_ descriptor: CInt, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
            parts[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            parts[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            var message = msghdr()
            message.msg_iov = parts.baseAddress
            message.msg_iovlen = 2
            return sendmsg(descriptor, &message, flags)
        }
    }
}
