// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// The request fields that selected a response (RFC 9110 §12.5.5, RFC 9111 §4.1).
public struct Vary: Sendable, Equatable {
    /// Whether `*` is among the members, in any place and any line, or a member is no field name: then no request matches.
    public private(set) var matchesNothing = false
    /// The names, in lower case, sorted, each once. Their order in the field means nothing.
    public private(set) var names: [String] = []

    /// Does not vary.
    public init() {}

    /// Reads all `Vary` lines of a response.
    public init(_ fields: HTTPFields) {
        for index in fields.indices where fields.kind(index) == .vary { add(fields[index]) }
    }

    /// Reads the form that ``specification`` writes; `nil` when it is not that.
    public init?(specification: String) {
        guard !specification.isEmpty else { return }
        add(line: specification.utf8.span)
        guard !matchesNothing, self.specification == specification else { return nil }
    }

    /// Whether every request matches.
    public var isEmpty: Bool { names.isEmpty && !matchesNothing }

    /// The names joined by commas: the same for every order and case, to be kept beside a primary key.
    public var specification: String { names.joined(separator: ",") }

    mutating func add(_ field: HTTPField) {
        field.withUnsafeBytesOfValue { add(line: $0.span) }
    }

    private mutating func add(line text: Span<UInt8>) {
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            if member.count == 1, text[member.lowerBound] == ASCII.asterisk {
                matchesNothing = true
                continue
            }
            guard text.isToken(member), names.count < CachingLimits.maxVaryNameCount else {
                matchesNothing = true
                continue
            }
            let name = text.lowercasedString(member)
            var index = names.startIndex
            while index < names.endIndex, names[index] < name { index += 1 }
            if index == names.endIndex || names[index] != name { names.insert(name, at: index) }
        }
    }
}
