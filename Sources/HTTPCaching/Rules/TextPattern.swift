// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A text in which `*` stands for any run of characters, also for none: exact without one, a prefix with one at the end.
public struct TextPattern: Sendable, Hashable {
    /// As it was written.
    public let text: String
    private let pieces: [[UInt8]]

    /// A pattern from its text. Every text is one.
    public init(_ text: String) {
        self.text = text
        pieces = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Whether a text is meant, as a whole. Cost: linear in the text for each asterisk.
    public func matches(_ other: some Collection<UInt8>) -> Bool {
        guard let first = pieces.first, let last = pieces.last, other.starts(with: first) else { return false }
        guard pieces.count > 1 else { return other.count == first.count }
        var rest = Array(other.dropFirst(first.count))[...]
        guard rest.count >= last.count, rest.suffix(last.count).elementsEqual(last) else { return false }
        rest = rest.dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            // The first place will do: what stands behind it is the longest that can be left.
            guard let end = Self.endOfFirst(piece, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func endOfFirst(_ piece: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        var start = text.startIndex
        while start + piece.count <= text.endIndex {
            if text[start..<start + piece.count].elementsEqual(piece) { return start + piece.count }
            start += 1
        }
        return nil
    }
}
