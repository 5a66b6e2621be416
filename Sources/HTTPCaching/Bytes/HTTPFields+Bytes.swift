// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import HTTPTypes

extension HTTPField {
    /// Gives the value's bytes to `body`. Values are compared as bytes everywhere: text equality would join distinct byte strings.
    func withValue<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        withUnsafeBytesOfValue { body($0.span) }
    }

    /// The value's bytes.
    var valueBytes: [UInt8] {
        withUnsafeBytesOfValue { Array($0) }
    }

    /// A field from bytes. Where all are ASCII this goes the short way through a string.
    package init(_ name: HTTPField.Name, bytes: UnsafeRawBufferPointer) {
        if bytes.allSatisfy({ $0 < 0x80 }) {
            self.init(name: name, value: String(decoding: bytes, as: UTF8.self))
        } else {
            self.init(name: name, value: bytes)
        }
    }
}

extension HTTPFields {
    /// The values of all lines of one field, joined by commas (RFC 9110 §5.3); `nil` when there is no line.
    func combinedBytes(_ canonicalName: String) -> [UInt8]? {
        var result: [UInt8]?
        for index in indices where self.canonicalName(index) == canonicalName {
            self[index].withUnsafeBytesOfValue { value in
                if result == nil {
                    result = Array(value)
                } else {
                    result?.append(ASCII.comma)
                    result?.append(ASCII.space)
                    result?.append(contentsOf: value)
                }
            }
        }
        return result
    }

    /// How many lines one field has.
    func lineCount(_ canonicalName: String) -> Int {
        var count = 0
        for index in indices where self.canonicalName(index) == canonicalName { count += 1 }
        return count
    }

    /// The only line of a field that may have one only; `nil` when it is missing or repeated.
    func single(_ canonicalName: String) -> HTTPField? {
        var found: HTTPField?
        for index in indices where self.canonicalName(index) == canonicalName {
            if found != nil { return nil }
            found = self[index]
        }
        return found
    }

    /// The `Date`, if there is one and it is one.
    package func date(now: Timestamp) -> Timestamp? { single("date").flatMap { $0.withValue { HTTPDate.parse($0, now: now) } } }

    /// Removes every line of one field.
    mutating func removeAll(_ canonicalName: String) {
        removeAll { $0.name.canonicalName == canonicalName }
    }
}
