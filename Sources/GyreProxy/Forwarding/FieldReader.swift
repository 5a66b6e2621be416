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

    private var last = [Remembered](repeating: Remembered(), count: FieldReader.usualNames.count)

    private struct Remembered {
        /// Name and value as they came.
        var bytes: [UInt8] = []
        var field: HTTPField?
    }

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
        let (written, value) = (entry.name.bytes(in: bytes), entry.value.bytes(in: bytes))
        let place = Int(entry.known.rawValue)
        if isSame(last[place].bytes, written, value) { return last[place].field }
        guard let name = Self.name(entry, in: bytes) else { return nil }
        let field = HTTPField(name, bytes: value)
        if entry.known != .other, !Self.secret.contains(entry.known), value.count <= Self.maxRememberedBytes {
            var bytes = Array(entry.name.bytes(in: bytes))
            bytes.append(contentsOf: value)
            last[place] = Remembered(bytes: bytes, field: field)
        }
        return field
    }

    private func isSame(_ known: [UInt8], _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard !known.isEmpty, known.count == name.count + value.count else { return false }
        return known.withUnsafeBytes {
            $0[..<name.count].elementsEqual(name) && $0[name.count...].elementsEqual(value)
        }
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
        for field in KnownField.allCases {
            let name = HTTPField.Name(field.canonicalName.description)
            names[Int(field.rawValue)] = constants.first { $0.rawName == name?.rawName } ?? name
        }
        return names
    }()

    /// Names whose text is part of the program: nobody counts references to it.
    private static let constants: [HTTPField.Name] = [
        .acceptEncoding, .acceptLanguage, .authorization, .cacheControl, .contentEncoding, .contentLanguage, .contentLength,
        .contentLocation,
        .ifModifiedSince, .ifUnmodifiedSince, .lastModified, .proxyAuthenticate, .proxyAuthenticationInfo, .proxyAuthorization,
        .transferEncoding,
    ]
}
