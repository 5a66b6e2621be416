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
    private static let version: UInt8 = 1
    private static let fixedByteCount = 112

    private struct Present: OptionSet {
        let rawValue: UInt8
        static let staleWhileRevalidate = Present(rawValue: 1 << 0)
        static let staleIfError = Present(rawValue: 1 << 1)
        static let bodyByteCount = Present(rawValue: 1 << 2)
        static let range = Present(rawValue: 1 << 3)
        static let completeLength = Present(rawValue: 1 << 4)
        static let known = Present(rawValue: (1 << 5) - 1)
    }

    /// Appends the encoded form. The order of the fields, repeated ones and the bytes of the values are kept.
    ///
    /// Cost: one walk over the fields; allocates only if `output` has to grow.
    public func encode(into output: inout [UInt8]) {
        let start = output.count
        output.append(little: UInt32(0))
        output.append(Self.version)
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
        var input = ByteReader(count: bytes.count)
        guard bytes.count >= Self.fixedByteCount, bytes.count <= CachingLimits.maxEncodedHeadBytes,
            let total: UInt32 = input.number(bytes), Int(total) == bytes.count,
            let version: UInt8 = input.number(bytes), version == Self.version,
            let sourceCode: UInt8 = input.number(bytes), let source = FreshnessLifetime.Source(code: sourceCode),
            let targeted: UInt8 = input.number(bytes), targeted <= 1,
            let presentBits: UInt8 = input.number(bytes), Present.known.isSuperset(of: Present(rawValue: presentBits)),
            let status: UInt16 = input.number(bytes), (200...599).contains(status), status != 304,
            let fieldCount: UInt16 = input.number(bytes), Int(fieldCount) <= CachingLimits.maxStoredFieldCount + 1,
            let trailerCount: UInt16 = input.number(bytes), Int(trailerCount) <= CachingLimits.maxStoredFieldCount,
            let zero: UInt16 = input.number(bytes), zero == 0,
            let ruleBits: UInt32 = input.number(bytes), StoredRules.known.isSuperset(of: StoredRules(rawValue: ruleBits)),
            let keyCount: UInt32 = input.number(bytes), Int(keyCount) <= CachingLimits.maxSecondaryKeyBytes,
            let requestTime: Int64 = input.number(bytes), let responseTime: Int64 = input.number(bytes),
            let date: Int64 = input.number(bytes),
            let initialAge: Int64 = input.number(bytes), let lifetime: Int64 = input.number(bytes),
            let whileRevalidate: Int64 = input.number(bytes), let ifError: Int64 = input.number(bytes),
            let bodyByteCount: UInt64 = input.number(bytes), let first: UInt64 = input.number(bytes),
            let last: UInt64 = input.number(bytes),
            let completeLength: UInt64 = input.number(bytes),
            let key = input.take(bytes, Int(keyCount)),
            let fields = Self.fields(bytes, &input, count: Int(fieldCount)),
            let trailers = Self.fields(bytes, &input, count: Int(trailerCount)),
            input.isAtEnd
        else { return nil }
        let present = Present(rawValue: presentBits)
        self.init(
            status: Int(status),
            fields: fields,
            requestTime: Timestamp(milliseconds: requestTime),
            responseTime: Timestamp(milliseconds: responseTime),
            date: Timestamp(milliseconds: date)
        )
        self.trailers = trailers
        correctedInitialAgeMilliseconds = initialAge
        freshness = FreshnessLifetime(seconds: lifetime, source: source, isTargeted: targeted == 1)
        if present.contains(.staleWhileRevalidate) { staleWhileRevalidateSeconds = whileRevalidate }
        if present.contains(.staleIfError) { staleIfErrorSeconds = ifError }
        if present.contains(.bodyByteCount) { self.bodyByteCount = bodyByteCount }
        rules = StoredRules(rawValue: ruleBits)
        secondaryKey = bytes.copied(key)
        if present.contains(.range) {
            let complete = present.contains(.completeLength) ? completeLength : nil
            guard let range = ByteRange(first: first, last: last), let partial = ContentRange(range: range, completeLength: complete) else {
                return nil
            }
            self.partial = partial
        }
        // A partial response that does not know its part would be served as a whole.
        guard (partial != nil) == rules.contains(.partial) else { return nil }
    }

    private static func fields(_ bytes: Span<UInt8>, _ input: inout ByteReader, count: Int) -> HTTPFields? {
        var fields = HTTPFields()
        fields.reserveCapacity(count)
        for _ in 0..<count {
            guard let nameCount: UInt16 = input.number(bytes), let valueCount: UInt32 = input.number(bytes),
                let nameRange = input.take(bytes, Int(nameCount)), let valueRange = input.take(bytes, Int(valueCount)),
                let name = HTTPField.Name(String(decoding: bytes.copied(nameRange), as: UTF8.self))
            else { return nil }
            // These three would end the field or the line in a response (RFC 9110 §5.5).
            for index in valueRange where bytes[index] == 0 || bytes[index] == 0x0A || bytes[index] == 0x0D { return nil }
            fields.append(HTTPField(name: name, lenientValue: bytes.copied(valueRange)))
        }
        return fields
    }
}

/// Reads numbers and runs of bytes without ever leaving the bytes it was given.
struct ByteReader {
    private var position = 0
    private let count: Int

    init(count: Int) { self.count = count }

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
