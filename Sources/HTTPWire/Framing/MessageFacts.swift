// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the field lines of a head say about the message itself, gathered while they are read.
struct MessageFacts {
    var contentLength: UInt64?
    var codings = TransferCodings()
    var connection: ConnectionOptions = []
    /// The line that `Host` stands in.
    var hostIndex: Int?

    /// The fields that ``note(_:_:at:)`` looks into.
    static let noted: FieldSet = [.host, .connection, .contentLength, .transferEncoding]

    /// Takes in one field line of ``noted``.
    @inline(__always)
    mutating func note(_ field: KnownField, _ value: WireBytes, at index: Int) -> WireError? {
        switch field {
        case .host:
            if hostIndex != nil { return .severalHosts }
            hostIndex = index
        case .connection:
            guard let options = ConnectionOptions(parsing: value) else { return .badConnection }
            connection.formUnion(options)
        case .contentLength:
            if contentLength != nil { return .repeatedContentLength }
            guard let length = value.decimal() else { return .badContentLength }
            contentLength = length
        case .transferEncoding:
            return codings.note(value)
        default:
            break
        }
        return nil
    }

    /// Whether `Content-Length` and `Transfer-Encoding` agree with each other and with the version (RFC 9112 §6.1, §6.3).
    @inline(__always)
    func framingRefusal(minorVersion: UInt8) -> WireError? {
        guard codings.isPresent else { return nil }
        if contentLength != nil { return .bothLengthAndEncoding }
        if minorVersion == 0 { return .encodingInHTTP10 }
        return codings.refusal
    }
}
