// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport

extension RefusedRequest {
    private static func post(_ section: String, _ what: String, _ fields: String, _ error: WireError) -> RefusedRequest {
        RefusedRequest(section, what, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", error)
    }

    static let framing: [RefusedRequest] = [
        post("9112 §6.3", "both", "Content-Length: 5\r\nTransfer-Encoding: chunked", .bothLengthAndEncoding),
        post("9112 §6.3", "both, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 5", .bothLengthAndEncoding),
        post("9112 §6.3", "both, one of them in odd case", "tRANSFER-eNCODING: Chunked\r\ncONTENT-lENGTH: 0", .bothLengthAndEncoding),
        post("9112 §6.3", "two lengths", "Content-Length: 5\r\nContent-Length: 6", .repeatedContentLength),
        post("9112 §6.3", "the same length twice", "Content-Length: 5\r\nContent-Length: 5", .repeatedContentLength),
        post("9110 §8.6", "a list of equal lengths", "Content-Length: 5, 5", .badContentLength),
        post("9110 §8.6", "empty length", "Content-Length:", .badContentLength),
        post("9110 §8.6", "signed length", "Content-Length: +5", .badContentLength),
        post("9110 §8.6", "negative length", "Content-Length: -5", .badContentLength),
        post("9110 §8.6", "hexadecimal length", "Content-Length: 0x5", .badContentLength),
        post("9110 §8.6", "fraction", "Content-Length: 5.0", .badContentLength),
        post("9110 §8.6", "exponent", "Content-Length: 5e1", .badContentLength),
        post("9110 §8.6", "quoted length", "Content-Length: \"5\"", .badContentLength),
        post("9110 §8.6", "space inside", "Content-Length: 5 6", .badContentLength),
        post("9110 §8.6", "digit of another script", "Content-Length: \u{B2}", .badContentLength),
        post("9110 §8.6", "beyond 63 bits", "Content-Length: 9223372036854775808", .badContentLength),
        post("9110 §8.6", "beyond 64 bits", "Content-Length: 18446744073709551621", .badContentLength),
        post("9112 §6.1", "a coding before chunked", "Transfer-Encoding: gzip, chunked", .unknownTransferCoding),
        post("9112 §6.1", "the same on two lines", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", .unknownTransferCoding),
        post("9112 §6.1", "a coding with a parameter before chunked", "Transfer-Encoding: foo;a=b, chunked", .unknownTransferCoding),
        post("9112 §6.1", "identity before chunked", "Transfer-Encoding: identity, chunked", .unknownTransferCoding),
        post("9112 §6.3", "chunked is not last", "Transfer-Encoding: chunked, gzip", .badTransferEncoding),
        post("9112 §6.3", "chunked is not there", "Transfer-Encoding: gzip", .badTransferEncoding),
        post("9112 §6.3", "identity", "Transfer-Encoding: identity", .badTransferEncoding),
        post("9112 §6.1", "chunked twice", "Transfer-Encoding: chunked, chunked", .badTransferEncoding),
        post("9112 §6.1", "chunked on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .badTransferEncoding),
        post(
            "9112 §6.1",
            "chunked and identity on two lines",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            .badTransferEncoding
        ),
        post("9112 §6.1", "empty", "Transfer-Encoding:", .badTransferEncoding),
        post("9112 §6.1", "empty element first", "Transfer-Encoding: , chunked", .badTransferEncoding),
        post("9112 §6.1", "empty element last", "Transfer-Encoding: chunked,", .badTransferEncoding),
        post("9112 §6.1", "one letter more in front", "Transfer-Encoding: xchunked", .badTransferEncoding),
        post("9112 §6.1", "one letter more behind", "Transfer-Encoding: chunkedx", .badTransferEncoding),
        post("9112 §6.1", "quoted", "Transfer-Encoding: \"chunked\"", .badTransferEncoding),
        post("9112 §6.1", "in parts", "Transfer-Encoding: chu nked", .badTransferEncoding),
        post("9112 §6.1", "with a parameter", "Transfer-Encoding: chunked;q=1", .badTransferEncoding),
        post("9112 §6.1", "byte above ASCII behind it", "Transfer-Encoding: chunked\u{A0}", .badTransferEncoding),
        .init("9112 §6.1", "in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .encodingInHTTP10),
        .init("9110 §9.3.6", "CONNECT with a length", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\n", .contentNotAllowed),
        .init(
            "9110 §9.3.6",
            "CONNECT with chunks",
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n",
            .contentNotAllowed
        ),
        .init("9110 §9.3.8", "TRACE with a length", "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", .contentNotAllowed),
        post("9110 §10.1.1", "another expectation", "Content-Length: 1\r\nExpect: 200-ok", .unknownExpectation),
        post("9110 §10.1.1", "two expectations", "Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue", .unknownExpectation),
        post("9110 §7.6.1", "Connection is not a list of tokens", "Connection: close; x", .badConnection),
        post("9110 §7.6.1", "Connection with two words", "Connection: keep alive", .badConnection),
    ]
}

extension AcceptedRequest {
    private static func post(
        _ section: String,
        _ what: String,
        _ fields: String,
        _ holds: @escaping @Sendable (RequestSummary) -> Bool
    ) -> AcceptedRequest {
        AcceptedRequest(section, what, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", holds)
    }

    static let framing: [AcceptedRequest] = [
        post("9110 §8.6", "length", "Content-Length: 5") { $0.framing == .length(5) && $0.framing.hasBody },
        post("9110 §8.6", "length 0 is told from none", "Content-Length: 0") { $0.framing == .length(0) && !$0.framing.hasBody },
        post("9110 §8.6", "leading zeros are digits", "Content-Length: 0005") { $0.framing == .length(5) },
        post("9110 §8.6", "the largest length", "Content-Length: 9223372036854775807") { $0.framing == .length(UInt64(Int64.max)) },
        post("9112 §7.1", "chunked", "Transfer-Encoding: chunked") { $0.framing == .chunked && $0.framing.hasBody },
        post("9110 §10.1.4", "codings in any case", "Transfer-Encoding:\tCHUNKED ") { $0.framing == .chunked },
        .init("9112 §6.3", "a GET may have content", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc") {
            $0.framing == .length(3) && $0.byteCount == 46
        },
        .init("9112 §6.3", "length in HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n") { $0.framing == .length(3) },
        .init("9110 §9.3.6", "CONNECT with no content", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 0\r\n\r\n") {
            $0.framing == .length(0)
        },
        post("9110 §10.1.1", "the client waits for 100", "Content-Length: 1\r\nExpect: 100-Continue") { $0.expectContinue },
        post("9110 §10.1.1", "nothing to wait for", "Content-Length: 0\r\nExpect: 100-continue") { !$0.expectContinue },
        .init("9110 §10.1.1", "HTTP/1.0 cannot wait", "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n") {
            !$0.expectContinue
        },
    ]

    static let connections: [AcceptedRequest] = [
        post("9112 §9.3", "goes on by default", "X: y") { $0.keepAlive && $0.connection == [] },
        post("9112 §9.3", "close", "Connection: close") { !$0.keepAlive && $0.connection == .close },
        post("9112 §9.3", "close in any case and place", "Connection: foo, ClOsE") { !$0.keepAlive && $0.connection == [.close, .others] },
        post("9112 §9.3", "close on a line of its own", "Connection: keep-alive\r\nConnection: close") { !$0.keepAlive },
        post("9112 §9.3", "keep-alive", "Connection: keep-alive") { $0.keepAlive && $0.connection == .keepAlive },
        post("9110 §5.6.1.2", "empty elements", "Connection: , ,close,, ") { $0.connection == .close },
        post("9110 §5.6.1.2", "empty Connection", "Connection:") { $0.connection == [] && $0.keepAlive },
        post("9110 §7.6.1", "a name that only begins so", "Connection: closed, keep-alives") { $0.connection == .others && $0.keepAlive },
        .init("9112 §9.3", "HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") { $0.keepAlive },
        .init("9112 §9.3", "HTTP/1.0 with both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n") { !$0.keepAlive },
        post("9110 §7.8", "upgrade", "Connection: Upgrade\r\nUpgrade: websocket") { $0.upgrade && $0.connection == .upgrade },
        post("9110 §7.8", "Upgrade that Connection does not name", "Upgrade: websocket") { !$0.upgrade },
        post("9110 §7.8", "Connection names an Upgrade that is not there", "Connection: upgrade") { !$0.upgrade },
        .init("9110 §7.8", "HTTP/1.0 cannot upgrade", "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n") { !$0.upgrade },
        post("9110 §10.1.4", "trailers are welcome", "TE: gzip;q=0.5, Trailers") { $0.acceptsTrailers },
        post("9110 §10.1.4", "other codings only", "TE: gzip;q=0.5, trailersx") { !$0.acceptsTrailers },
    ]
}
