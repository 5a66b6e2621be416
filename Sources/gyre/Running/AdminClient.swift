// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import GyreConfiguration
import NIOCore
import NIOPosix

/// Asks a running server at its admin address.
enum AdminClient {
    /// Sends a request and prints the answer's body; ends the program with 1 when it is no success.
    static func ask(_ method: String, _ path: String, _ query: [(String, String)], at address: String) async throws {
        let target = path + "?" + query.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
        let body = try await send(method, target, at: address)
        Console.say(String(decoding: body.last == UInt8(ascii: "\n") ? body.dropLast() : body, as: UTF8.self))
    }

    /// The body of an answer; ends the program with 1 when it is no success.
    /// - Parameter address: `host:port`, with or without `http://` before it.
    static func send(_ method: String, _ target: String, at address: String) async throws -> Data {
        let parsed: ListenAddress
        do throws(ValueRefusal) {
            parsed = try ListenAddress(parsing: hostAndPort(address))
        } catch {
            Console.error("gyre: \(address) is no address; write host:port")
            throw ExitCode(2)
        }
        let answer: Data
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .connect(host: parsed.host ?? "127.0.0.1", port: Int(parsed.port)) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            answer = try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(string: "\(method) \(target) HTTP/1.1\r\nHost: gyre\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                )
                var bytes = Data()
                for try await piece in inbound { bytes.append(contentsOf: piece.readableBytesView) }
                return bytes
            }
        } catch {
            Console.error("gyre: nobody answers at \(address): \(error)")
            throw ExitCode(1)
        }
        let body = answer.range(of: Data("\r\n\r\n".utf8)).map { answer[$0.upperBound...] } ?? Data()
        guard answer.starts(with: "HTTP/1.1 200".utf8) else {
            let text = String(decoding: body.last == UInt8(ascii: "\n") ? body.dropLast() : body, as: UTF8.self)
            Console.error("gyre: \(text)")
            throw ExitCode(1)
        }
        return Data(body)
    }

    private static func hostAndPort(_ address: String) -> String {
        guard address.hasPrefix("http://") else { return address }
        let rest = address.dropFirst("http://".count)
        return String(rest.last == "/" ? rest.dropLast() : rest)
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2e || byte == 0x2d
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
