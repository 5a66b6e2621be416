// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// A buffer that is used again when what was in it has been written: most answers live no longer than the call that writes them, and the memory is still
/// in the processor's cache.
struct SpareBuffer {
    private static let maxBytes = 64 * 1024

    private var spare = ByteBuffer()

    /// An empty buffer with room. No allocation while the last one given back is not in use any more.
    mutating func take(capacity: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &spare)
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    /// What may be used again. Nothing is lost if somebody still holds it: then the next one gets memory of its own.
    mutating func giveBack(_ buffer: ByteBuffer) {
        if buffer.capacity > 0, buffer.capacity <= Self.maxBytes { spare = buffer }
    }
}
