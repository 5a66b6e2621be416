// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Buffers that are used again when what was in them has been written: most answers live no longer than the turn of the loop that writes them, and the
/// memory is still in the processor's cache.
struct SpareBuffers {
    private static let maxBufferBytes = 64 * 1024
    private static let maxBytes = 512 * 1024

    private var spares: [ByteBuffer] = []
    private var bytes = 0

    /// An empty buffer with room. No allocation where one was given back that nobody holds any more.
    mutating func take(capacity: Int) -> ByteBuffer {
        var buffer = spares.popLast() ?? ByteBuffer()
        bytes -= buffer.capacity
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    /// What may be used again. Nothing is lost if somebody still holds it: then the next one gets memory of its own.
    mutating func giveBack(_ buffer: ByteBuffer) {
        guard buffer.capacity > 0, buffer.capacity <= Self.maxBufferBytes, bytes + buffer.capacity <= Self.maxBytes else { return }
        bytes += buffer.capacity
        spares.append(buffer)
    }
}
