// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import NIOCore
import Testing

@testable import GyreProxy

/// What is added to a request is written as lines for most, and as fields where they may be joined or changed: both must say the same.
@Suite struct ForwardedFieldsTests {
    @Test(arguments: ["192.0.2.1", "2001:db8::7", "-"], ["site.test", "site.test:8080", "[2001:db8::1]:80", "b\u{fc}cher.test"])
    func `lines and fields are the same`(address: String, host: String) {
        for minorVersion in [UInt8(0), 1] {
            for facts in [ForwardingFacts(clientAddress: address, scheme: .http, host: host), nil] {
                var fields = HTTPFields()
                Via.append(to: &fields, receivedVersion: minorVersion == 0 ? "1.0" : "1.1", pseudonym: "edge")
                fields.append(HTTPField(name: .cdnLoop, value: "edge"))
                facts?.add(to: &fields)
                var written = ByteBuffer()
                ResponseHeadWriter.write(fields, to: &written)
                let lines = ForwardedFields.ownLines(minorVersion: minorVersion, name: "edge", facts: facts)
                #expect(String(decoding: lines, as: UTF8.self) == String(buffer: written))
            }
        }
    }
}
