// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Header or trailer fields in the order in which they stand on the wire, duplicates kept.
///
/// ```swift
/// let fields: FieldLines = ["Cache-Control": "max-age=60", "Vary": "Accept", "Vary": "Accept-Encoding"]
/// fields["vary"]  // "Accept, Accept-Encoding"
/// ```
public struct FieldLines: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// One line: name and value as written, white space around the value removed.
    public struct Line: Sendable, Equatable {
        /// The name in the case in which it was written.
        public var name: String
        /// The value.
        public var value: String
    }

    /// All lines in order.
    public private(set) var lines: [Line] = []

    /// Fields in the order of the literal; a name may stand more than once.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    /// The combined value of all lines of that name (RFC 9110 §5.3), `nil` when there is none. Any case.
    public subscript(name: String) -> String? {
        let values = self.values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// The value of each line of that name, in order. Any case.
    public func values(_ name: String) -> [String] {
        lines.compactMap { Self.isSame($0.name, name) ? $0.value : nil }
    }

    /// Adds a line at the end.
    public mutating func append(_ name: String, _ value: String) {
        lines.append(Line(name: name, value: value))
    }

    /// Replaces all lines of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes all lines of that name.
    public mutating func remove(_ name: String) {
        lines.removeAll { Self.isSame($0.name, name) }
    }

    /// The lines with those of `other` after them; a name that `other` has is taken from `other` alone.
    public func merging(_ other: FieldLines) -> FieldLines {
        var merged = self
        for line in other.lines { merged.remove(line.name) }
        merged.lines.append(contentsOf: other.lines)
        return merged
    }

    /// Whether a comma-separated list field names the word, any case.
    public func names(_ field: String, _ word: String) -> Bool {
        values(field).contains { value in
            value.split(separator: ",").contains { Self.isSame(String($0.trimmingBlanks()), word) }
        }
    }

    func write(to output: inout [UInt8]) {
        for line in lines {
            output.append(contentsOf: line.name.utf8)
            output.append(contentsOf: ": ".utf8)
            output.append(contentsOf: line.value.utf8)
            output.append(contentsOf: "\r\n".utf8)
        }
    }

    static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8) { $0.lowered == $1.lowered }
    }
}

extension UInt8 {
    /// ASCII lower case.
    var lowered: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    func trimmingBlanks() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
