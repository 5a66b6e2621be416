// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

@Suite struct WireWriterTests {
    private static func text(_ maxBytes: Int = 200, _ body: (inout WireWriter) -> Void) throws(WireWriter.Problem) -> String {
        wireText(try WireWriter.array(maxBytes: maxBytes, body))
    }

    @Test func aHeadIsWrittenAsItMustBe() throws {
        let head = try Self.text { writer in
            writer.statusLine(200)
            writer.field("Content-Length", decimal: 1024)
            writer.field("Server", "gyre")
            withExactRegion(wireBytes("X-A")) { name in withExactRegion(wireBytes("b c")) { writer.field(name, $0) } }
            withExactRegion(wireBytes("\"x\"")) { writer.field("ETag", $0) }
            writer.endOfLine()
        }
        #expect(head == "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\nServer: gyre\r\nX-A: b c\r\nETag: \"x\"\r\n\r\n")
    }

    @Test func aRequestLineIsWritten() throws {
        let line = try Self.text { writer in
            withExactRegion(wireBytes("GET")) { method in
                withExactRegion(wireBytes("/a?b")) { writer.requestLine(method: method, target: $0) }
            }
        }
        #expect(line == "GET /a?b HTTP/1.1\r\n")
    }

    @Test(arguments: [0, 1, 9, 10, 11, 99, 100, 12_345, 999_999_999, 1_000_000_000, UInt64(Int64.max), UInt64.max - 1, UInt64.max])
    func numbersAreWritten(_ value: UInt64) throws {
        #expect(try Self.text { $0.decimal(value) } == String(value))
        #expect(try Self.text { $0.hexadecimal(value) } == String(value, radix: 16))
        #expect(WireWriter.decimalDigits(value) == String(value).utf8.count)
    }

    @Test func everyWidthOfANumberIsWritten() throws {
        for shift in 0..<64 {
            for value in [UInt64(1) << UInt64(shift), (UInt64(1) << UInt64(shift)) - 1] {
                #expect(try Self.text { $0.hexadecimal(value) } == String(value, radix: 16))
                #expect(try Self.text { $0.decimal(value) } == String(value))
            }
        }
        #expect(try Self.text { $0.chunkHeader(.max) }.utf8.count == WireWriter.maxChunkHeaderBytes)
        #expect(try Self.text { $0.decimal(.max) }.utf8.count == WireWriter.maxDecimalBytes)
    }

    @Test func aLineThatCouldBeReadAsTwoIsNeverWritten() {
        for bad in ["a\r\nb", "a\nb", "a\rb", "a\u{0}b", "\u{7F}"] {
            withExactRegion(wireBytes(bad)) { bytes in
                #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.field("X", bytes) } }
                withExactRegion(wireBytes("x")) { good in
                    #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.field(bytes, good) } }
                    #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.requestLine(method: good, target: bytes) } }
                    #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.requestLine(method: bytes, target: good) } }
                }
            }
        }
        withExactRegion(wireBytes("/a b")) { target in
            withExactRegion(wireBytes("GET")) { method in
                #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.requestLine(method: method, target: target) } }
            }
        }
    }

    @Test func aChunkOfNothingIsNotWritten() {
        #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.chunkHeader(0) } }
    }

    @Test func aStatusOfTwoDigitsIsNotWritten() {
        #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.statusLine(99) } }
        #expect(throws: WireWriter.Problem.badBytes) { try Self.text { $0.statusLine(1000) } }
    }

    @Test func nothingIsWrittenPastTheEnd() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { memory.deallocate() }
        for size in 0..<32 {
            memory.initializeMemory(as: UInt8.self, repeating: 0xAA)
            var writer = WireWriter(UnsafeMutableRawBufferPointer(rebasing: memory[..<size]))
            writer.statusLine(200)
            writer.field("Age", decimal: 123_456)
            writer.endOfLine()
            #expect(writer.problem == .noRoom && writer.count <= size)
            #expect(memory[size...].allSatisfy { $0 == 0xAA })
        }
        var writer = WireWriter(UnsafeMutableRawBufferPointer(rebasing: memory[..<32]))
        writer.statusLine(200)
        writer.field("Age", decimal: 123_456)
        writer.endOfLine()
        #expect(writer.problem == nil && writer.count == 32)
    }

    @Test func whatIsWrittenAfterAProblemIsIgnored() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
        defer { memory.deallocate() }
        var writer = WireWriter(memory)
        writer.literal("123456789")
        writer.literal("1")
        #expect(writer.count == 0 && writer.problem == .noRoom)
    }

    @Test func everyStatusGatewaysSendHasItsPhrase() {
        for (status, phrase) in [(200, "OK"), (206, "Partial Content"), (304, "Not Modified"), (414, "URI Too Long"), (502, "Bad Gateway")]
        {
            #expect(ReasonPhrase.usual(for: status).description == phrase)
        }
        #expect(ReasonPhrase.usual(for: 299).description == "")
    }

    @Test func syntaxChecksAgreeWithTheGrammar() {
        for (text, token, value, target) in [
            ("", false, true, false), ("a", true, true, true), ("a b", false, true, false), ("a\tb", false, true, false),
            ("/a?b%", false, true, true), ("a#b", true, true, false), ("\u{E9}", false, true, false), ("a\nb", false, false, false),
        ] {
            withExactRegion(wireBytes(text)) { bytes in
                #expect(WireSyntax.isToken(bytes) == token)
                #expect(WireSyntax.isFieldValue(bytes) == value)
                #expect(WireSyntax.isTarget(bytes) == target)
            }
        }
    }
}
