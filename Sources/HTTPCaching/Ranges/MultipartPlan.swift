// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// The bytes around the parts of a `multipart/byteranges` answer (RFC 9110 §14.6). The proxy makes the boundary and sends the parts.
public struct MultipartPlan: Sendable, Equatable {
    /// What goes before each part's bytes, in order, and the part itself.
    public let parts: [Part]
    /// What goes after the last part.
    public let closing: [UInt8]

    /// One part.
    public struct Part: Sendable, Equatable {
        /// The delimiter and the part's own head, with the line ends around it.
        public let head: [UInt8]
        /// The bytes of the representation that follow.
        public let range: ByteRange
    }

    /// Plans the parts.
    ///
    /// - Parameters:
    ///   - ranges: the ranges of ``RangePlan/multiple(_:completeLength:)``.
    ///   - completeLength: the length of the representation in bytes.
    ///   - contentType: the `Content-Type` of the stored response.
    ///   - boundary: a text that does not occur in the representation, at most 70 bytes of letters and digits.
    public init(ranges: [ByteRange], completeLength: UInt64, contentType: HTTPField?, boundary: String) {
        parts = ranges.enumerated().map { index, range in
            var head: [UInt8] = []
            if index > 0 { head.append(contentsOf: "\r\n".utf8) }
            head.append(contentsOf: "--".utf8)
            head.append(contentsOf: boundary.utf8)
            head.append(contentsOf: "\r\n".utf8)
            if let contentType {
                head.append(contentsOf: "Content-Type: ".utf8)
                head.append(contentsOf: contentType.valueBytes)
                head.append(contentsOf: "\r\n".utf8)
            }
            head.append(contentsOf: "Content-Range: ".utf8)
            ContentRange(range: range, completeLength: completeLength)?.append(to: &head)
            head.append(contentsOf: "\r\n\r\n".utf8)
            return Part(head: head, range: range)
        }
        var closing: [UInt8] = []
        closing.append(contentsOf: "\r\n--".utf8)
        closing.append(contentsOf: boundary.utf8)
        closing.append(contentsOf: "--\r\n".utf8)
        self.closing = closing
    }

    /// The length of the whole body, for `Content-Length`; saturates.
    public var bodyByteCount: UInt64 {
        parts.reduce(UInt64(closing.count)) { $0.addedSaturating(UInt64($1.head.count)).addedSaturating($1.range.count) }
    }
}
