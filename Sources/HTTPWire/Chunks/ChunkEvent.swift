// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What came of giving bytes to a ``ChunkedDecoder``. Offsets are relative to the bytes given in that call.
public enum ChunkEvent: Sendable, Equatable {
    /// These bytes are content. Give what follows `upperBound` to the next call.
    case data(Range<Int>)
    /// The body and its trailers are over; this many bytes of the region belonged to them.
    case end(consumed: Int)
    /// All bytes were used up and the body goes on.
    case needMore
    /// The bytes are refused. Nothing after them can be trusted.
    case failed(WireError)
}
