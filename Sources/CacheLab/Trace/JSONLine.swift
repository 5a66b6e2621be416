// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The members of one JSON object that a trace needs, found in one pass over its bytes and without a copy.
///
/// For the lines of access logs: values are strings, numbers and words; strings stay escaped, which is all that is needed to compare them.
/// An object with other objects in it makes no sense here.
struct JSONLine {
    /// A string's bytes between its quotes; nil: null or not there.
    private(set) var time: UnsafeRawBufferPointer?
    private(set) var method: UnsafeRawBufferPointer?
    private(set) var target: UnsafeRawBufferPointer?
    private(set) var host: UnsafeRawBufferPointer?
    private(set) var status: Int?
    private(set) var bytes: Int?

    /// Nil when it is no such object.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.count > 2, line[0] == UInt8(ascii: "{") else { return nil }
        var position = 1
        while true {
            Self.skipSpaces(line, &position)
            guard let name = Self.string(line, &position) else { return nil }
            Self.skipSpaces(line, &position)
            guard position < line.count, line[position] == UInt8(ascii: ":") else { return nil }
            position += 1
            Self.skipSpaces(line, &position)
            guard position < line.count else { return nil }
            if line[position] == UInt8(ascii: "\"") {
                guard let value = Self.string(line, &position) else { return nil }
                if Self.equals(name, "target") {
                    target = value
                } else if Self.equals(name, "host") {
                    host = value
                } else if Self.equals(name, "method") {
                    method = value
                } else if Self.equals(name, "time") {
                    time = value
                }
            } else {
                guard let value = Self.word(line, &position) else { return nil }
                if Self.equals(name, "status") {
                    status = Self.number(value)
                } else if Self.equals(name, "bytes") {
                    bytes = Self.number(value)
                }
            }
            Self.skipSpaces(line, &position)
            guard position < line.count else { return nil }
            if line[position] == UInt8(ascii: "}") { return }
            guard line[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
    }

    static func equals(_ bytes: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        bytes.count == word.utf8CodeUnitCount && word.withUTF8Buffer { $0.elementsEqual(bytes) }
    }

    private static func skipSpaces(_ line: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < line.count, line[position] == UInt8(ascii: " ") { position += 1 }
    }

    private static func string(_ line: UnsafeRawBufferPointer, _ position: inout Int) -> UnsafeRawBufferPointer? {
        guard position < line.count, line[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        position = start
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return UnsafeRawBufferPointer(rebasing: line[start..<position])
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    /// A number, `null`, `true` or `false`.
    private static func word(_ line: UnsafeRawBufferPointer, _ position: inout Int) -> UnsafeRawBufferPointer? {
        let start = position
        while position < line.count {
            switch line[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "E"), UInt8(ascii: "+"):
                position += 1
            default: return position > start ? UnsafeRawBufferPointer(rebasing: line[start..<position]) : nil
            }
        }
        return nil
    }

    /// A whole number that is not negative.
    private static func number(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard !bytes.isEmpty, bytes.count < 19 else { return nil }
        var number = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }
}
