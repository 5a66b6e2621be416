// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What came of an attempt to parse a head.
public enum ParseResult: Sendable, Equatable {
    /// The head does not end within these bytes. Call again with the same bytes and more behind them.
    case incomplete
    /// A whole head was parsed; it takes this many bytes from the start of the region.
    case head(byteCount: Int)
    /// The bytes are refused. Answer with ``WireError/status`` and close.
    case failed(WireError)
}
