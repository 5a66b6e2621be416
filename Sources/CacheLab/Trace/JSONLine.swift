// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// The members of one JSON object that a trace needs, found in one pass over its bytes and without a copy.
///
/// The pass ends when all of them are found: what stands behind them is not looked at, except that the object ends.
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
        guard line.count > 2, line[0] == UInt8(ascii: "{"), line[line.count - 1] == UInt8(ascii: "}") else { return nil }
        var position = 1
        var found = 0
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
                // By length first: most members are none of these.
                switch name.count {
                case 4:
                    if name.equals("time") { (time, found) = (value, found + 1) }
                    if name.equals("host") { (host, found) = (value, found + 1) }
                case 6:
                    if name.equals("target") { (target, found) = (value, found + 1) }
                    if name.equals("method") { (method, found) = (value, found + 1) }
                default: break
                }
            } else {
                guard let value = Self.word(line, &position) else { return nil }
                if name.count == 6, name.equals("status") { (status, found) = (value.wholeNumber, found + 1) }
                if name.count == 5, name.equals("bytes") { (bytes, found) = (value.wholeNumber, found + 1) }
            }
            if found == 6 { return }
            Self.skipSpaces(line, &position)
            guard position < line.count else { return nil }
            if line[position] == UInt8(ascii: "}") { return }
            guard line[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
    }

    private static func skipSpaces(_ line: UnsafeRawBufferPointer, _ position: inout Int) {
        while position < line.count, line[position] == UInt8(ascii: " ") { position += 1 }
    }

    /// The bytes between the quote at a place and the next one that is not escaped; the place is behind it then. Nil when there are none.
    static func string(_ line: UnsafeRawBufferPointer, _ position: inout Int) -> UnsafeRawBufferPointer? {
        guard position < line.count, line[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        position = start
        // Up to the next quote that no odd number of backslashes stands before.
        while let end = UnsafeRawBufferPointer(rebasing: line[position...]).firstByte(UInt8(ascii: "\"")) {
            position += end
            var first = position
            while first > start, line[first - 1] == UInt8(ascii: "\\") { first -= 1 }
            position += 1
            if (position - 1 - first) % 2 == 0 { return UnsafeRawBufferPointer(rebasing: line[start..<(position - 1)]) }
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
}
