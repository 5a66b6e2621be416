// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What all `Transfer-Encoding` lines of one message say together (RFC 9112 §6.1).
struct TransferCodings {
    private(set) var isPresent = false
    private var endsWithChunked = false
    private var hasOthers = false

    /// Takes in one line.
    ///
    /// - Returns: a refusal when the line is not a plain list of coding names, or when `chunked` comes twice. Empty elements, which lists
    ///   may have elsewhere, are refused here: peers disagree about them, and no sender needs them.
    mutating func note(_ value: WireBytes) -> WireError? {
        isPresent = true
        var index = 0
        while true {
            index = value.endOfWhitespace(from: index)
            let end = value.endOfToken(from: index, to: value.count)
            guard end > index else { return .badTransferEncoding }
            let isChunked = value.part(from: index, to: end).equals(lowercase: "chunked")
            index = value.endOfWhitespace(from: end)
            if endsWithChunked { return .badTransferEncoding }
            if isChunked {
                endsWithChunked = true
            } else {
                hasOthers = true
                index = Self.endOfParameters(value, from: index)
            }
            guard index < value.count else { return nil }
            guard value[index] == ASCII.comma else { return .badTransferEncoding }
            index &+= 1
        }
    }

    /// The verdict when the head has ended: nil when the codings are exactly `chunked`.
    var refusal: WireError? {
        guard endsWithChunked else { return .badTransferEncoding }
        return hasOthers ? .unknownTransferCoding : nil
    }

    /// The parameters of a coding that is not supported anyway: passed over up to the next comma.
    private static func endOfParameters(_ value: WireBytes, from start: Int) -> Int {
        guard start < value.count, value[start] == ASCII.semicolon else { return start }
        return value.first(ASCII.comma, from: start)
    }
}
