// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire

/// Turns parsed places into owned fields. One for each event loop: it remembers the last value of each known field, and one that comes again, as `Date`
/// and `Content-Type` do, is not made anew.
final class FieldReader {
    private static let maxRememberedBytes = 256

    /// What is nobody's business a moment later.
    private static let secret: FieldSet = [.authorization, .proxyAuthorization, .cookie, .setCookie]

    private var last = [HTTPField?](repeating: nil, count: FieldReader.usualNames.count)

    /// - Parameter ended: Fields that are left out: they mean nothing behind this hop.
    func fields(_ table: borrowing FieldTable, in bytes: UnsafeRawBufferPointer, without ended: FieldSet = []) -> HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(table.count)
        for index in 0..<table.count {
            let entry = table[index]
            guard !ended.contains(entry.known), let field = field(entry, in: bytes) else { continue }
            fields.append(field)
        }
        return fields
    }

    private func field(_ entry: FieldEntry, in bytes: UnsafeRawBufferPointer) -> HTTPField? {
        let (name, value) = (entry.name.bytes(in: bytes), entry.value.bytes(in: bytes))
        let place = Int(entry.known.rawValue)
        if let last = last[place], last.name.rawName.utf8.elementsEqual(name),
            last.withUnsafeBytesOfValue({ $0.count == value.count && UnsafeRawBufferPointer($0).elementsEqual(value) })
        {
            return last
        }
        guard let name = Self.name(entry, in: bytes) else { return nil }
        let field = HTTPField(name, bytes: value)
        if entry.known != .other, !Self.secret.contains(entry.known), value.count <= Self.maxRememberedBytes { last[place] = field }
        return field
    }

    /// What `Connection` says has been acted upon when it names nothing but whether the connection goes on: nobody need take it out later.
    static func ended(_ options: ConnectionOptions) -> FieldSet {
        options.isSubset(of: [.close, .keepAlive]) ? [.connection, .keepAlive] : []
    }

    /// The name as it came. One that is known and written as usual is not made anew.
    private static func name(_ entry: FieldEntry, in bytes: UnsafeRawBufferPointer) -> HTTPField.Name? {
        let written = entry.name.bytes(in: bytes)
        let known = usualNames[Int(entry.known.rawValue)]
        if let known, known.rawName.utf8.elementsEqual(written) { return known }
        return HTTPField.Name(String(decoding: written, as: UTF8.self))
    }

    private static let usualNames: [HTTPField.Name?] = {
        var names = [HTTPField.Name?](repeating: nil, count: FieldSet.RawValue.bitWidth)
        for field in KnownField.allCases { names[Int(field.rawValue)] = HTTPField.Name(field.canonicalName.description) }
        return names
    }()
}
