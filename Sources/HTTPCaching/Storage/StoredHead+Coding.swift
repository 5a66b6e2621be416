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

    /// Bytes of the encoded form.
    public var encodedByteCount: Int {
        EncodedHead.fixedByteCount + secondaryKey.count + (fields.count + trailers.count) * EncodedHead.fieldByteCount + fields.byteCount
            + trailers.byteCount
    }

    /// Appends the encoded form. The order of the fields, repeated ones and the bytes of the values are kept.
    ///
    /// Cost: two walks over the fields; room is made at most once.
    public func encode(into output: inout [UInt8]) {
        let start = output.count
        let total = encodedByteCount
        output.append(contentsOf: repeatElement(0, count: total))
        output.withUnsafeMutableBytes { region in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(rebasing: region[start...]))
            encode(total, to: &writer)
            precondition(writer.fits, "more to write than was counted")
        }
    }

    /// The encoded form behind one byte of the caller's, in as much memory as it needs: mostly one walk over the fields and one allocation.
    package func encoded(behind tag: UInt8) -> [UInt8] {
        let likely = 1 + EncodedHead.fixedByteCount + secondaryKey.count + (fields.count + trailers.count) * Self.likelyFieldBytes
        return encoded(behind: tag, in: likely) ?? encoded(behind: tag, in: 1 + encodedByteCount) ?? []
    }

    private static let likelyFieldBytes = 64

    /// Nil: more room is needed.
    private func encoded(behind tag: UInt8, in room: Int) -> [UInt8]? {
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { region in
            region[0] = tag
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(rebasing: region[1...]))
            encode(0, to: &writer)
            guard writer.fits else { return nil }
            region.storeBytes(of: UInt32(clamping: writer.count).littleEndian, toByteOffset: 1, as: UInt32.self)
            return Array(region[..<(1 + writer.count)])
        }
    }

    private func encode(_ total: Int, to output: inout ByteWriter) {
        output.append(UInt32(clamping: total))
        output.append(EncodedHead.version)
        output.append(freshness.source.code)
        output.append(UInt8(freshness.isTargeted ? 1 : 0))
        var present: Present = []
        if staleWhileRevalidateSeconds != nil { present.insert(.staleWhileRevalidate) }
        if staleIfErrorSeconds != nil { present.insert(.staleIfError) }
        if bodyByteCount != nil { present.insert(.bodyByteCount) }
        if partial?.range != nil { present.insert(.range) }
        if partial?.completeLength != nil { present.insert(.completeLength) }
        output.append(present.rawValue)
        output.append(UInt16(clamping: status))
        output.append(UInt16(clamping: fields.count))
        output.append(UInt16(clamping: trailers.count))
        output.append(UInt16(0))
        output.append(rules.rawValue)
        output.append(UInt32(clamping: secondaryKey.count))
        output.append(requestTime.milliseconds)
        output.append(responseTime.milliseconds)
        output.append(date.milliseconds)
        output.append(correctedInitialAgeMilliseconds)
        output.append(freshness.seconds)
        output.append(staleWhileRevalidateSeconds ?? 0)
        output.append(staleIfErrorSeconds ?? 0)
        output.append(bodyByteCount ?? 0)
        output.append(partial?.range?.first ?? 0)
        output.append(partial?.range?.last ?? 0)
        output.append(partial?.completeLength ?? 0)
        secondaryKey.withUnsafeBytes { output.append($0) }
        Self.append(fields, to: &output)
        Self.append(trailers, to: &output)
    }

    private static func append(_ fields: HTTPFields, to output: inout ByteWriter) {
        fields.forEachInBytes { name, value in
            output.append(UInt16(clamping: name.count))
            output.append(UInt32(clamping: value.count))
            output.append(name)
            output.append(value)
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

/// Writes numbers and runs of bytes one behind the other; nothing beyond its room, and nothing more once something did not fit.
struct ByteWriter {
    private let region: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var fits = true

    init(_ region: UnsafeMutableRawBufferPointer) { self.region = region }

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { append($0) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard fits, bytes.count <= region.count - count else {
            fits = false
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: region[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
