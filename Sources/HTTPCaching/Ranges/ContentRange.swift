// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The value of `Content-Range` (RFC 9110 §14.4).
public struct ContentRange: Sendable, Hashable {
    /// The bytes that are sent; `nil` in the form of a 416, `bytes */1234`.
    public let range: ByteRange?
    /// The length of the whole representation in bytes; `nil` when it is not known.
    public let completeLength: UInt64?

    /// A content range; `nil` when it makes no sense: nothing known, or bytes beyond the end.
    public init?(range: ByteRange?, completeLength: UInt64?) {
        if let range, let completeLength, range.last >= completeLength { return nil }
        if range == nil, completeLength == nil { return nil }
        self.range = range
        self.completeLength = completeLength
    }

    /// Reads a field value; `nil` when it is invalid or has another unit than bytes.
    public init?(_ text: String) {
        self.init(text.utf8.span)
    }

    /// Reads a field value; `nil` when it is invalid or has another unit than bytes.
    public init?(_ text: Span<UInt8>) {
        guard text.count > 6, text.matchesIgnoringCase(0..<5, "bytes"), text[5] == ASCII.space,
            let slash = text.firstIndex(of: ASCII.slash, from: 6)
        else { return nil }
        var complete: UInt64?
        if !(slash + 2 == text.count && text[slash + 1] == ASCII.asterisk) {
            guard let value = Self.number(text, slash + 1..<text.count) else { return nil }
            complete = value
        }
        if slash == 7, text[6] == ASCII.asterisk {
            self.init(range: nil, completeLength: complete)
            return
        }
        guard let dash = text.firstIndex(of: ASCII.minus, from: 6), dash < slash,
            let first = Self.number(text, 6..<dash), let last = Self.number(text, dash + 1..<slash),
            let range = ByteRange(first: first, last: last)
        else { return nil }
        self.init(range: range, completeLength: complete)
    }

    /// A number that fits; one that does not is no number here, because it must be exact.
    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard let value = text.decimal(range), value < .max else { return nil }
        return UInt64(value)
    }

    /// Appends the field value.
    public func append(to output: inout [UInt8]) {
        output.append(contentsOf: "bytes ".utf8)
        if let range {
            ASCII.appendDecimal(range.first, to: &output)
            output.append(ASCII.minus)
            ASCII.appendDecimal(range.last, to: &output)
        } else {
            output.append(ASCII.asterisk)
        }
        output.append(ASCII.slash)
        if let completeLength { ASCII.appendDecimal(completeLength, to: &output) } else { output.append(ASCII.asterisk) }
    }

    /// The field value.
    public var fieldValue: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
