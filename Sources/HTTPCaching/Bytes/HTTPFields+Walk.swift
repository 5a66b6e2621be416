// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import HTTPTypes

/// Walks by index, which look at fields where they are: `for … in` copies each of them, which is three references more to count.
extension HTTPFields {
    /// The name at a place, in lower case.
    @inline(__always)
    package func canonicalName(_ index: Int) -> String { self[index].name.canonicalName }

    /// What the field at a place is.
    @inline(__always)
    func kind(_ index: Int) -> FieldKind { FieldKind(canonicalName(index)) }

    /// Bytes of all names and values together.
    package var byteCount: Int {
        var sum = 0
        for index in indices { sum += self[index].name.rawName.utf8.count + self[index].withUnsafeBytesOfValue { $0.count } }
        return sum
    }

    /// Gives each field's name, as it is written, and value to `body`. Here one copy is less than to look twice.
    package func forEachInBytes(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        for field in self {
            var name = field.name.rawName
            name.withUTF8 { name in
                field.withUnsafeBytesOfValue { body(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer($0)) }
            }
        }
    }
}
