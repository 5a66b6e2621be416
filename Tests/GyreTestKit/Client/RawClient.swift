// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix

/// A client that sends the bytes it is given and reads what comes back, strict about framing.
///
/// ```swift
/// let client = try await RawClient.connect(port: cache.port)
/// try await client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
/// let first = try await client.readResponse()
/// let second = try await client.readResponse()
/// await client.close()
/// ```
/// Nothing is read from the socket unless a read is asked for: to stop reading is to make backpressure. One task reads at a time.
public actor RawClient {
    private let conduit: ByteConduit
    private let authority: String
    private let timeout: Duration
    private var buffer = ByteBuffer()
    private var isAtEnd = false
    private var decoder = BodyDecoder(.none)

    /// The trailers of the last body that was read to its end.
    public private(set) var trailers: FieldLines = [:]

    private init(conduit: ByteConduit, authority: String, timeout: Duration) {
        self.conduit = conduit
        self.authority = authority
        self.timeout = timeout
    }

    /// Connects.
    ///
    /// - Parameters:
    ///   - receiveBufferBytes: the size of the kernel's receive buffer, for tests of backpressure; `nil` leaves it to the system.
    ///   - timeout: how long each read waits for the next bytes.
    public static func connect(
        host: String = "127.0.0.1",
        port: Int,
        receiveBufferBytes: Int? = nil,
        timeout: Duration = TestKitLimits.readTimeout
    ) async throws -> RawClient {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        if let receiveBufferBytes {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBufferBytes))
        }
        let conduit = try await bootstrap.connect(host: host, port: port) { ByteConduit.install(on: $0) }
        return RawClient(conduit: conduit, authority: "\(host):\(port)", timeout: timeout)
    }

    // MARK: Sending

    /// Sends text as it is; comes back when the socket has taken it.
    public func send(_ text: String) async throws { try await conduit.send(Array(text.utf8)) }

    /// Sends bytes as they are; comes back when the socket has taken them.
    public func send(_ bytes: [UInt8]) async throws { try await conduit.send(bytes) }

    /// Sends the bytes in writes of so many each.
    public func send(_ bytes: [UInt8], inPiecesOf count: Int) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try await conduit.send(Array(rest.prefix(max(1, count))))
            rest = rest.dropFirst(max(1, count))
        }
    }

    /// Sends a request with `Host`, with `Content-Length` when there is a body, and with the fields given, which win.
    public func sendRequest(_ method: String, _ target: String, _ fields: FieldLines = [:], body: [UInt8]? = nil) async throws {
        var all: FieldLines = ["Host": authority]
        if let body { all.append("Content-Length", "\(body.count)") }
        var bytes = Array("\(method) \(target) HTTP/1.1\r\n".utf8)
        all.merging(fields).write(to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
        if let body { bytes.append(contentsOf: body) }
        try await conduit.send(bytes)
    }

    /// Sends a request and reads the response.
    public func request(_ method: String, _ target: String, _ fields: FieldLines = [:], body: [UInt8]? = nil) async throws -> RawResponse {
        try await sendRequest(method, target, fields, body: body)
        return try await readResponse(to: method)
    }

    /// A GET.
    public func get(_ target: String, _ fields: FieldLines = [:]) async throws -> RawResponse {
        try await request("GET", target, fields)
    }

    // MARK: Reading

    /// Reads a whole response, interim ones before it included.
    ///
    /// - Parameter method: of the request that it answers; HEAD and CONNECT change the framing.
    /// - Throws: ``TestKitError``
    public func readResponse(to method: String = "GET") async throws -> RawResponse {
        var response = try await readHead(to: method)
        while let piece = try await readBodyPiece() {
            response.body.append(contentsOf: piece)
            guard response.body.count <= TestKitLimits.maxCollectedBytes else { throw TestKitError.bodyTooLarge }
        }
        response.trailers = trailers
        return response
    }

    /// Reads a head, interim ones before it included, and leaves the body.
    public func readHead(to method: String = "GET") async throws -> RawResponse {
        var interim: [RawResponse] = []
        while true {
            let response = try RawResponse(try await takeHead())
            if response.status < 200, response.status != 101 {
                interim.append(response)
                continue
            }
            decoder = BodyDecoder(try response.framing(to: method))
            trailers = [:]
            var final = response
            final.interim = interim
            return final
        }
    }

    /// Reads one head, interim or final. For a final one, go on with ``readBodyPiece()``.
    public func readNextHead(to method: String = "GET") async throws -> RawResponse {
        let response = try RawResponse(try await takeHead())
        decoder = BodyDecoder(try response.framing(to: method))
        trailers = [:]
        return response
    }

    /// The next bytes of the body; `nil` at its end.
    public func readBodyPiece() async throws -> [UInt8]? {
        while true {
            switch try decoder.next(from: &buffer, isAtEnd: isAtEnd) {
            case .bytes(let piece)?: return Array(piece.readableBytesView)
            case .end(let trailers)?:
                if !trailers.lines.isEmpty { self.trailers = trailers }
                return nil
            case nil: _ = try await fill()
            }
        }
    }

    /// Reads at least so many bytes of the body, fewer only at its end.
    public func readBody(atLeast count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, let piece = try await readBodyPiece() { bytes.append(contentsOf: piece) }
        return bytes
    }

    /// Reads the rest of the body and compares it with a generated one, without keeping it.
    ///
    /// - Parameter offset: how much of the body has been read before.
    /// - Returns: `nil` when all bytes are right and none is missing, else the first position that is not.
    public func compareBody(with pattern: PatternBody, from offset: Int = 0) async throws -> Int? {
        var position = offset
        while let piece = try await readBodyPiece() {
            if let wrong = pattern.firstMismatch(piece, at: position) { return wrong }
            position += piece.count
        }
        return position == pattern.count ? nil : position
    }

    /// All bytes until the peer closes, not looked at.
    public func readToEnd() async throws -> [UInt8] {
        while try await fill() {
            guard buffer.readableBytes <= TestKitLimits.maxCollectedBytes else { throw TestKitError.bodyTooLarge }
        }
        return buffer.readBytes(length: buffer.readableBytes) ?? []
    }

    /// Whether the peer closes without another byte; waits for it.
    public func isClosedByPeer() async throws -> Bool {
        guard buffer.readableBytes == 0 else { return false }
        do {
            return try await !fill()
        } catch TestKitError.timedOut {
            return false
        } catch {
            // A reset is an end too.
            return true
        }
    }

    // MARK: Ending

    /// Ends the sending side; the response can still be read.
    public func finishSending() async throws { try await conduit.finishSending() }

    /// Closes.
    public func close() async { await conduit.close() }

    /// Closes so that the peer sees a reset.
    public func reset() async { await conduit.reset() }

    private func takeHead() async throws -> MessageHead {
        while true {
            if let head = try MessageHead.take(from: &buffer) { return head }
            guard try await fill() else { throw TestKitError.closedEarly }
        }
    }

    /// False at the end of the stream.
    private func fill() async throws -> Bool {
        guard !isAtEnd, var more = try await conduit.receive(within: timeout) else {
            isAtEnd = true
            return false
        }
        if buffer.readableBytes == 0 {
            buffer = more
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&more)
        }
        return true
    }
}
