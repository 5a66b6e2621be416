// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
package import NIOCore

/// The answer of a plain hit, as it is written.
package struct HitAnswer {
    /// Bodies up to this size are copied behind their head. Larger ones are written from where they are, as the second part of one call: at 10 KiB that is
    /// as quick as to copy them, at 16 KiB too.
    static let copiedBodyBytes = 8 * 1024

    let object: CachedResponse
    let copiesBody: Bool

    package init(_ object: CachedResponse) {
        self.object = object
        copiesBody = object.body.readableBytes <= Self.copiedBodyBytes
    }

    /// Room that ``write(to:ageSeconds:ttlSeconds:key:lastFields:)`` takes at most, without a key.
    package var capacity: Int { object.headBytes.readableBytes + 128 + (copiesBody ? object.body.readableBytes : 0) }

    /// Writes the head, and the body where it is copied. No allocation where there is room, no matter how many fields there are.
    /// - Parameters:
    ///   - lastFields: What the connection's version and future ask for, with the empty line.
    ///   - key: What `Cache-Status` shows as the key; nil: nothing.
    package func write(
        to out: inout ByteBuffer,
        ageSeconds: Int64,
        ttlSeconds: Int64,
        key: [UInt8]? = nil,
        lastFields: StaticString
    ) {
        out.writeImmutableBuffer(object.headBytes)
        out.writeStaticString("Age: ")
        ResponseHeadWriter.writeDecimal(UInt64(ageSeconds), to: &out)
        out.writeStaticString("\r\nCache-Status: gyre; hit; ttl=")
        ResponseHeadWriter.writeDecimal(UInt64(max(0, ttlSeconds)), to: &out)
        if let key {
            var shown: [UInt8] = []
            CacheStatus.append(key: key.span, to: &shown)
            out.writeBytes(shown)
        }
        out.writeStaticString(lastFields)
        if copiesBody { out.writeImmutableBuffer(object.body) }
    }
}
