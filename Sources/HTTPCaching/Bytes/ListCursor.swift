// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Walks the members of a comma-separated list (RFC 9110 §5.6.1). Commas inside quoted strings do not separate; empty members are skipped.
struct ListCursor {
    private var position: Int
    private let end: Int
    /// Whether a quoted string had no end. Its member runs to the end of the line.
    private(set) var hasUnterminatedQuote = false

    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next member without white space around it.
    mutating func next(in text: Span<UInt8>) -> Range<Int>? {
        while position < end {
            let start = position
            var inQuotes = false
            while position < end {
                let byte = text[position]
                if inQuotes {
                    if byte == ASCII.backslash {
                        position += 1
                    } else if byte == ASCII.quote {
                        inQuotes = false
                    }
                } else if byte == ASCII.quote {
                    inQuotes = true
                } else if byte == ASCII.comma {
                    break
                }
                position += 1
            }
            if inQuotes { hasUnterminatedQuote = true }
            let member = text.trimmed(start..<min(position, end))
            position += 1
            if !member.isEmpty { return member }
        }
        return nil
    }
}
