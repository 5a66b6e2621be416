// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire

/// Turns parsed places into owned fields.
enum FieldReader {
    static func fields(_ table: borrowing FieldTable, in bytes: UnsafeRawBufferPointer) -> HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(table.count)
        for index in 0..<table.count {
            let entry = table[index]
            guard let name = HTTPField.Name(String(decoding: entry.name.bytes(in: bytes), as: UTF8.self)) else { continue }
            fields.append(HTTPField(name: name, value: entry.value.bytes(in: bytes)))
        }
        return fields
    }
}
