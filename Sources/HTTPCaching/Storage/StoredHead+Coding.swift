// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// The encoded form of a stored head, version 1. Numbers are little-endian.
///
///     u32 total byte count · u8 version · u8 freshness source · u8 targeted · u8 presence bits · u16 status · u16 field count ·
///     u16 trailer count · u16 zero · u32 rules · u32 secondary key byte count · i64 request time · i64 response time · i64 date ·
///     i64 initial age (ms) · i64 lifetime (s) · i64 stale-while-revalidate (s) · i64 stale-if-error (s) · u64 body byte count ·
///     u64 first · u64 last · u64 complete length · secondary key · fields · trailers
///
/// A field is u16 name byte count · u32 value byte count · name · value. A number that is missing is 0 and its presence bit is off.
extension StoredHead {
    private typealias Present = EncodedHead.Present

    /// Appends the encoded form. The order of the fields, repeated ones and the bytes of the values are kept.
    ///
    /// Cost: one walk over the fields; allocates only if `output` has to grow.
    public func encode(into output: inout [UInt8]) {
        let start = output.count
        output.append(little: UInt32(0))
        output.append(EncodedHead.version)
        output.append(freshness.source.code)
        output.append(freshness.isTargeted ? 1 : 0)
        var present: Present = []
        if staleWhileRevalidateSeconds != nil { present.insert(.staleWhileRevalidate) }
        if staleIfErrorSeconds != nil { present.insert(.staleIfError) }
        if bodyByteCount != nil { present.insert(.bodyByteCount) }
        if partial?.range != nil { present.insert(.range) }
        if partial?.completeLength != nil { present.insert(.completeLength) }
        output.append(present.rawValue)
        output.append(little: UInt16(clamping: status))
        output.append(little: UInt16(clamping: fields.count))
        output.append(little: UInt16(clamping: trailers.count))
        output.append(little: UInt16(0))
        output.append(little: rules.rawValue)
        output.append(little: UInt32(clamping: secondaryKey.count))
        output.append(little: requestTime.milliseconds)
        output.append(little: responseTime.milliseconds)
        output.append(little: date.milliseconds)
        output.append(little: correctedInitialAgeMilliseconds)
        output.append(little: freshness.seconds)
        output.append(little: staleWhileRevalidateSeconds ?? 0)
        output.append(little: staleIfErrorSeconds ?? 0)
        output.append(little: bodyByteCount ?? 0)
        output.append(little: partial?.range?.first ?? 0)
        output.append(little: partial?.range?.last ?? 0)
        output.append(little: partial?.completeLength ?? 0)
        output.append(contentsOf: secondaryKey)
        for field in fields { Self.append(field, to: &output) }
        for field in trailers { Self.append(field, to: &output) }
        let total = UInt32(clamping: output.count - start)
        for index in 0..<4 { output[start + index] = UInt8(truncatingIfNeeded: total >> (8 * UInt32(index))) }
    }

    private static func append(_ field: HTTPField, to output: inout [UInt8]) {
        field.withUnsafeBytesOfValue { value in
            output.append(little: UInt16(clamping: field.name.rawName.utf8.count))
            output.append(little: UInt32(clamping: value.count))
            output.append(contentsOf: field.name.rawName.utf8)
            output.append(contentsOf: value)
        }
    }

    /// Reads the encoded form; `nil` when it is not exactly that, whatever the bytes are: they come from disk.
    public init?(decoding bytes: UnsafeRawBufferPointer) {
        self.init(decoding: bytes.bindMemory(to: UInt8.self).span)
    }

    /// Reads the encoded form; `nil` when it is not exactly that, whatever the bytes are: they come from disk.
    public init?(decoding bytes: Span<UInt8>) {
        guard let encoded = EncodedHead(bytes) else { return nil }
        var (fields, trailers) = (HTTPFields(), HTTPFields())
        fields.reserveCapacity(encoded.fieldCount)
        var isSound = true
        func append(_ name: Range<Int>, _ value: Range<Int>, to fields: inout HTTPFields) {
            guard let name = HTTPField.Name(String(decoding: bytes.copied(name), as: UTF8.self)) else { return isSound = false }
            fields.append(HTTPField(name: name, lenientValue: bytes.copied(value)))
        }
        encoded.forEachField(in: bytes) {
            append($0, $1, to: &fields)
        } trailers: {
            append($0, $1, to: &trailers)
        }
        guard isSound else { return nil }
        self.init(
            status: encoded.status,
            fields: fields,
            requestTime: encoded.requestTime,
            responseTime: encoded.responseTime,
            date: encoded.date
        )
        self.trailers = trailers
        correctedInitialAgeMilliseconds = encoded.initialAgeMilliseconds
        freshness = encoded.freshness
        staleWhileRevalidateSeconds = encoded.staleWhileRevalidateSeconds
        staleIfErrorSeconds = encoded.staleIfErrorSeconds
        bodyByteCount = encoded.bodyByteCount
        rules = encoded.rules
        secondaryKey = bytes.copied(encoded.secondaryKey)
        partial = encoded.partial
    }
}

/// Reads numbers and runs of bytes without ever leaving the bytes it was given.
struct ByteReader {
    private var position: Int
    private let count: Int

    init(count: Int, at position: Int = 0) {
        self.count = count
        self.position = position
    }

    var isAtEnd: Bool { position == count }

    mutating func number<Number: FixedWidthInteger>(_ bytes: Span<UInt8>) -> Number? {
        let size = Number.bitWidth / 8
        guard size <= count - position else { return nil }
        var value: Number = 0
        for index in 0..<size { value |= Number(truncatingIfNeeded: bytes[position + index]) << Number(8 * index) }
        position += size
        return value
    }

    mutating func take(_ bytes: Span<UInt8>, _ byteCount: Int) -> Range<Int>? {
        guard byteCount >= 0, byteCount <= count - position else { return nil }
        let range = position..<position + byteCount
        position += byteCount
        return range
    }
}

extension [UInt8] {
    mutating func append<Number: FixedWidthInteger>(little number: Number) {
        for index in 0..<Number.bitWidth / 8 { append(UInt8(truncatingIfNeeded: number >> Number(8 * index))) }
    }
}
