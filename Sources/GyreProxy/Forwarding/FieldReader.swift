// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire

/// Turns parsed places into owned fields.
enum FieldReader {
    static func fields(_ table: borrowing FieldTable, in bytes: UnsafeRawBufferPointer) -> HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(table.count)
        for index in 0..<table.count {
            let entry = table[index]
            guard let name = name(entry, in: bytes) else { continue }
            fields.append(HTTPField(name, bytes: entry.value.bytes(in: bytes)))
        }
        return fields
    }

    /// The name as it came. One that is known and written as usual is not made anew.
    private static func name(_ entry: FieldEntry, in bytes: UnsafeRawBufferPointer) -> HTTPField.Name? {
        let written = entry.name.bytes(in: bytes)
        let known = usualNames[Int(entry.known.rawValue)]
        if let known, known.rawName.utf8.elementsEqual(written) { return known }
        return HTTPField.Name(String(decoding: written, as: UTF8.self))
    }

    private static let usualNames: [HTTPField.Name?] = {
        var names = [HTTPField.Name?](repeating: nil, count: Int(KnownField.RawValue.max) + 1)
        for field in KnownField.allCases { names[Int(field.rawValue)] = HTTPField.Name(field.canonicalName.description) }
        return names
    }()
}
