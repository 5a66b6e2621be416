// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Takes a chunked body apart (RFC 9112 §7.1), whatever pieces it comes in, without copying its data.
///
/// Give it bytes and act on the event until it is ``ChunkEvent/needMore`` or ``ChunkEvent/end(consumed:)``:
///
/// ```swift
/// var rest = region
/// while true {
///     switch decoder.decode(rest) {
///     case .data(let range): pass(rest[range]); rest = UnsafeRawBufferPointer(rebasing: rest[range.upperBound...])
///     case .needMore: return
///     case .end(let consumed): finish(with: decoder.trailers); return
///     case .failed(let error): close(error); return
///     }
/// }
/// ```
///
/// Extensions are checked and dropped. Cost: a step for each byte of framing, none for data. Only trailers are copied, into memory that
/// is allocated when the first one comes.
public struct ChunkedDecoder: ~Copyable, Sendable {
    /// The trailer fields, when the body has ended. Their slices are places in ``trailerBytes``.
    public private(set) var trailers: FieldTable
    /// The trailer section as it came.
    public private(set) var trailerBytes: [UInt8]

    private enum Phase: Equatable {
        case line, data, dataCR, dataLF, trailerStart, trailerLF, trailers, done
        case failed(WireError)
    }

    private let limits: WireLimits
    private let dropsForbiddenTrailers: Bool
    private var phase: Phase
    private var line: ChunkLineState
    private var lineBytes: Int
    private var sizeDigits: Int
    /// The size that is being read, then the data that is left of the chunk.
    private var remaining: UInt64
    /// The chunk framing that no data has paid for yet.
    private var unpaidBytes: Int
    private var progress: ParseProgress
    private var facts: MessageFacts

    /// Makes a decoder for one body.
    ///
    /// - Parameter dropsForbiddenTrailers: A trailer that has no place there (``FieldSet/forbiddenInTrailers``) is left out instead of refused.
    public init(limits: WireLimits, dropsForbiddenTrailers: Bool = false) {
        trailers = FieldTable(capacity: 0)
        trailerBytes = []
        self.limits = limits
        self.dropsForbiddenTrailers = dropsForbiddenTrailers
        phase = .line
        line = .start
        lineBytes = 0
        sizeDigits = 0
        remaining = 0
        unpaidBytes = 0
        progress = ParseProgress()
        facts = MessageFacts()
    }

    /// Begins another body on the same connection. Memory for trailers is kept.
    public mutating func reset() {
        trailers.removeAll()
        trailerBytes.removeAll(keepingCapacity: true)
        phase = .line
        line = .start
        lineBytes = 0
        sizeDigits = 0
        remaining = 0
        unpaidBytes = 0
        progress = ParseProgress()
        facts = MessageFacts()
    }

    /// Whether the whole body and its trailers have been seen.
    public var isComplete: Bool {
        phase == .done
    }

    /// Takes in bytes up to the next event. Once failed or ended it stays so.
    public mutating func decode(_ bytes: UnsafeRawBufferPointer) -> ChunkEvent {
        var index = 0
        while true {
            switch phase {
            case .data:
                guard index < bytes.count else { return .needMore }
                let available = UInt64(bytes.count &- index)
                let taken = Int(truncatingIfNeeded: Swift.min(available, remaining))
                remaining &-= UInt64(taken)
                if remaining == 0 { phase = .dataCR }
                return .data(index..<(index &+ taken))
            case .done:
                return .end(consumed: index)
            case .failed(let error):
                return .failed(error)
            case .trailers:
                guard index < bytes.count else { return .needMore }
                collectTrailers(bytes, &index)
            case .line, .dataCR, .dataLF, .trailerStart, .trailerLF:
                guard index < bytes.count else { return .needMore }
                if let error = step(bytes[index], &index) { phase = .failed(error) }
            }
        }
    }

    /// One byte of framing. Moves `index` unless the byte is left for the next phase.
    @inline(__always)
    private mutating func step(_ byte: UInt8, _ index: inout Int) -> WireError? {
        switch phase {
        case .line:
            index &+= 1
            return stepLine(byte)
        case .dataCR:
            guard byte == ASCII.cr else { return byte == ASCII.lf ? .bareLF : .badChunkEnd }
            phase = .dataLF
        case .dataLF:
            guard byte == ASCII.lf else { return .bareCR }
            beginLine()
        case .trailerStart:
            guard byte == ASCII.cr else {
                phase = .trailers
                return nil
            }
            phase = .trailerLF
        case .trailerLF:
            guard byte == ASCII.lf else { return .bareCR }
            phase = .done
        case .data, .trailers, .done, .failed:
            return nil
        }
        index &+= 1
        return nil
    }

    private mutating func beginLine() {
        phase = .line
        line = .start
        lineBytes = 0
        sizeDigits = 0
        remaining = 0
    }

    /// One byte of a chunk line.
    private mutating func stepLine(_ byte: UInt8) -> WireError? {
        lineBytes &+= 1
        guard lineBytes <= limits.maxChunkLineBytes else { return .chunkLineTooLong }
        if line == .lf {
            guard byte == ASCII.lf else { return .bareCR }
            return endLine()
        }
        if line == .start || line == .size, let digit = ASCII.hexValue(byte) {
            // Sixteen digits are 64 bits: the shift cannot lose any.
            sizeDigits &+= 1
            guard sizeDigits <= 16 else { return .badChunkSize }
            remaining = remaining << 4 | UInt64(digit)
            line = .size
            return nil
        }
        guard let next = line.next(after: byte) else {
            if byte == ASCII.lf { return .bareLF }
            return line == .start || line == .size ? .badChunkSize : .badChunkExtension
        }
        line = next
        return nil
    }

    /// A chunk line is over: `remaining` is the size of the chunk.
    private mutating func endLine() -> WireError? {
        // Lengths are 63 bits everywhere else.
        guard remaining <= UInt64(Int64.max) else { return .badChunkSize }
        let paid = WireLimits.chunkLineAllowanceBytes &+ Int(truncatingIfNeeded: remaining) / WireLimits.chunkDataPerOverheadByte
        unpaidBytes = Swift.max(0, unpaidBytes &+ lineBytes &- paid)
        guard unpaidBytes <= limits.maxChunkOverheadBytes else { return .chunkOverhead }
        phase = remaining == 0 ? .trailerStart : .data
        return nil
    }

    /// Copies lines up to the empty one, never a byte behind it, and lets the parser of field lines judge them.
    private mutating func collectTrailers(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) {
        guard let base = bytes.baseAddress else { return }
        let source = WireBytes(base: base, count: bytes.count)
        let lf = source.first(ASCII.lf, from: index)
        let end = Swift.min(lf &+ 1, source.count)
        // One byte above the limit is enough to show that it is broken.
        let room = Swift.max(0, limits.maxTrailerBytes &+ 1 &- trailerBytes.count)
        trailerBytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[index..<Swift.min(end, index &+ room)]))
        index = end
        switch parseTrailers() {
        case .incomplete: break
        case .head: phase = .done
        case .failed(let error): phase = .failed(error)
        }
    }

    private mutating func parseTrailers() -> ParseResult {
        trailerBytes.withUnsafeBytes { copied in
            guard let base = copied.baseAddress else { return .incomplete }
            return FieldSectionParser.parse(
                WireBytes(base: base, count: copied.count),
                progress: &progress,
                fields: &trailers,
                facts: &facts,
                names: .shared,
                limits: .trailers(limits, dropsForbidden: dropsForbiddenTrailers)
            )
        }
    }
}
