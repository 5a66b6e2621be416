// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension WireWriter {
    /// Writes `HTTP/1.1 200 OK` and its CRLF, with the usual reason phrase. A status outside 100...999 is a problem.
    public mutating func statusLine(_ status: Int) {
        statusLine(status, reason: ReasonPhrase.usual(for: status))
    }

    /// Writes a status line with a reason phrase of the caller's.
    public mutating func statusLine(_ status: Int, reason: StaticString) {
        guard status >= 100, status <= 999 else { return fail(.badBytes) }
        literal("HTTP/1.1 ")
        decimal(UInt64(status))
        byte(0x20)
        literal(reason)
        endOfLine()
    }

    /// Writes `METHOD target HTTP/1.1` and its CRLF, after checking both.
    public mutating func requestLine(method: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer) {
        guard WireSyntax.isToken(method), WireSyntax.isTarget(target) else { return fail(.badBytes) }
        bytes(method)
        byte(0x20)
        bytes(target)
        literal(" HTTP/1.1\r\n")
    }

    /// Writes a field line, after checking name and value.
    public mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        guard WireSyntax.isToken(name), WireSyntax.isFieldValue(value) else { return fail(.badBytes) }
        bytes(name)
        literal(": ")
        bytes(value)
        endOfLine()
    }

    /// Writes a field line with a constant name, after checking the value.
    public mutating func field(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        guard WireSyntax.isFieldValue(value) else { return fail(.badBytes) }
        literal(name)
        literal(": ")
        bytes(value)
        endOfLine()
    }

    /// Writes a field line of two constants.
    public mutating func field(_ name: StaticString, _ value: StaticString) {
        literal(name)
        literal(": ")
        literal(value)
        endOfLine()
    }

    /// Writes a field line with a number: `Content-Length`, `Age`.
    public mutating func field(_ name: StaticString, decimal value: UInt64) {
        literal(name)
        literal(": ")
        decimal(value)
        endOfLine()
    }
}
