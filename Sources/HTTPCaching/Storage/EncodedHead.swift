// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The numbers of a stored head in its encoded form, and where its fields lie: enough to answer a plain hit. The form is that of
/// ``StoredHead/encode(into:)``; whatever is in the bytes has been checked, for they come from disk.
public struct EncodedHead: Sendable {
    /// The status of the response.
    public let status: Int
    /// What restricts reuse.
    public let rules: StoredRules
    /// When the request was sent.
    public let requestTime: Timestamp
    /// Bytes of the body; nil where that was not known.
    public let bodyByteCount: UInt64?
    let responseTime: Timestamp
    let date: Timestamp
    let initialAgeMilliseconds: Int64
    let freshness: FreshnessLifetime
    let staleWhileRevalidateSeconds: Int64?
    let staleIfErrorSeconds: Int64?
    let partial: ContentRange?
    let secondaryKey: Range<Int>
    private let firstField: Int
    let fieldCount: Int
    let trailerCount: Int

    static let version: UInt8 = 1
    static let fixedByteCount = 112
    /// Of each field, beside its name and value.
    static let fieldByteCount = 6

    struct Present: OptionSet {
        let rawValue: UInt8
        static let staleWhileRevalidate = Present(rawValue: 1 << 0)
        static let staleIfError = Present(rawValue: 1 << 1)
        static let bodyByteCount = Present(rawValue: 1 << 2)
        static let range = Present(rawValue: 1 << 3)
        static let completeLength = Present(rawValue: 1 << 4)
        static let known = Present(rawValue: (1 << 5) - 1)
    }

    /// Reads the numbers and checks all the rest; `nil` when the bytes are not exactly an encoded head. Cost: one walk over them, no allocation.
    public init?(_ bytes: Span<UInt8>) {
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
            let key = input.take(bytes, Int(keyCount))
        else { return nil }
        firstField = key.upperBound
        for _ in 0..<Int(fieldCount) + Int(trailerCount) {
            guard let (name, value) = Self.field(bytes, &input), bytes.isToken(name) else { return nil }
            // These three would end the field or the line in a response (RFC 9110 §5.5).
            for index in value where bytes[index] == 0 || bytes[index] == 0x0A || bytes[index] == 0x0D { return nil }
        }
        guard input.isAtEnd else { return nil }
        let present = Present(rawValue: presentBits)
        rules = StoredRules(rawValue: ruleBits)
        if present.contains(.range) {
            let complete = present.contains(.completeLength) ? completeLength : nil
            guard let range = ByteRange(first: first, last: last), let partial = ContentRange(range: range, completeLength: complete) else {
                return nil
            }
            self.partial = partial
        } else {
            partial = nil
        }
        // A partial response that does not know its part would be served as a whole.
        guard (partial != nil) == rules.contains(.partial) else { return nil }
        self.status = Int(status)
        self.requestTime = Timestamp(milliseconds: requestTime)
        self.responseTime = Timestamp(milliseconds: responseTime)
        self.date = Timestamp(milliseconds: date)
        initialAgeMilliseconds = initialAge
        freshness = FreshnessLifetime(seconds: lifetime, source: source, isTargeted: targeted == 1)
        staleWhileRevalidateSeconds = present.contains(.staleWhileRevalidate) ? whileRevalidate : nil
        staleIfErrorSeconds = present.contains(.staleIfError) ? ifError : nil
        self.bodyByteCount = present.contains(.bodyByteCount) ? bodyByteCount : nil
        secondaryKey = key
        self.fieldCount = Int(fieldCount)
        self.trailerCount = Int(trailerCount)
    }

    /// The profile for the hot path: the same as that of the decoded head.
    public var profile: HitProfile {
        HitProfile(
            responseTime: responseTime,
            initialAgeMilliseconds: initialAgeMilliseconds,
            freshnessMilliseconds: freshness.milliseconds,
            rules: rules
        )
    }

    /// Where each header field's name and value lie in the bytes, in order.
    public func forEachField(in bytes: Span<UInt8>, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) {
        var input = ByteReader(count: bytes.count, at: firstField)
        forEach(fieldCount, in: bytes, &input, body)
    }

    /// The same for the fields and then for the trailers.
    func forEachField(
        in bytes: Span<UInt8>,
        _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void,
        trailers: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) {
        var input = ByteReader(count: bytes.count, at: firstField)
        forEach(fieldCount, in: bytes, &input, body)
        forEach(trailerCount, in: bytes, &input, trailers)
    }

    private func forEach(_ count: Int, in bytes: Span<UInt8>, _ input: inout ByteReader, _ body: (Range<Int>, Range<Int>) -> Void) {
        for _ in 0..<count {
            guard let (name, value) = Self.field(bytes, &input) else { return }
            body(name, value)
        }
    }

    private static func field(_ bytes: Span<UInt8>, _ input: inout ByteReader) -> (name: Range<Int>, value: Range<Int>)? {
        guard let nameCount: UInt16 = input.number(bytes), let valueCount: UInt32 = input.number(bytes),
            let name = input.take(bytes, Int(nameCount)), let value = input.take(bytes, Int(valueCount))
        else { return nil }
        return (name, value)
    }
}
