// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Cuts the requests of one connection from its bytes.
actor RequestReader {
    private let conduit: ByteConduit
    private let connection: Int
    private var buffer = ByteBuffer()
    private var isAtEnd = false
    private var decoder = BodyDecoder(.none)
    private var isBodyDone = true
    /// The client waits for `100 Continue` and has not been told.
    private(set) var isContinueOwed = false
    private(set) var trailers: FieldLines = [:]

    init(_ conduit: ByteConduit, connection: Int) {
        self.conduit = conduit
        self.connection = connection
    }

    /// The next request head; `nil` when the client has closed between requests.
    func nextHead() async throws -> ReceivedHead? {
        while true {
            if let head = try MessageHead.take(from: &buffer) { return try begin(head) }
            guard try await fill() else {
                if buffer.readableBytes > 0 { throw TestKitError.closedEarly }
                return nil
            }
        }
    }

    func nextBodyPiece() async throws -> [UInt8]? {
        guard !isBodyDone else { return nil }
        if isContinueOwed {
            isContinueOwed = false
            try await conduit.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        while true {
            switch try decoder.next(from: &buffer, isAtEnd: isAtEnd) {
            case .bytes(let piece)?: return Array(piece.readableBytesView)
            case .end(let trailers)?:
                self.trailers = trailers
                isBodyDone = true
                return nil
            case nil: _ = try await fill()
            }
        }
    }

    /// Reads what the script left of the body.
    func drain() async throws {
        while try await nextBodyPiece() != nil {}
    }

    private func begin(_ head: MessageHead) throws -> ReceivedHead {
        let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else {
            throw TestKitError.badStartLine
        }
        decoder = BodyDecoder(try BodyDecoder.framing(of: head.fields, otherwise: .none))
        isBodyDone = false
        isContinueOwed = head.fields.names("Expect", "100-continue")
        trailers = [:]
        return ReceivedHead(
            method: String(parts[0]),
            target: String(parts[1]),
            minorVersion: parts[2] == "HTTP/1.1" ? 1 : 0,
            fields: head.fields,
            rawBytes: head.raw,
            connection: connection
        )
    }

    /// False at the end of the stream.
    private func fill() async throws -> Bool {
        guard var more = try await conduit.receive(within: nil) else {
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
