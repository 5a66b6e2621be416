// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The one grammar of field lines (RFC 9112 §5), for requests, responses and trailers.
///
/// A line is judged when its LF has come, never before, so that a verdict does not depend on how the bytes were cut into reads. The
/// usual line is read in one pass without looking for its end first; only a line that fails, or that was cut, is searched for an LF.
enum FieldSectionParser {
    /// Parses from `progress.lineStart` to the empty line.
    ///
    /// - Returns: `.head` with the offset after the empty line, or `.incomplete` with `progress` moved on.
    @inline(__always)
    static func parse(
        _ bytes: WireBytes,
        progress: inout ParseProgress,
        fields: inout FieldTable,
        facts: inout MessageFacts,
        names: KnownFieldTable,
        limits: FieldSectionLimits
    ) -> ParseResult {
        var line = progress.lineStart
        if progress.scannedTo > line, bytes.first(ASCII.lf, from: progress.scannedTo) == bytes.count {
            return suspend(bytes, line, &progress, limits)
        }
        while line < bytes.count {
            if bytes[line] == ASCII.cr {
                guard line &+ 1 < bytes.count else { break }
                guard bytes[line &+ 1] == ASCII.lf else { return refuse(bytes, line, at: line, &progress, limits) }
                let end = line &+ 2
                return end <= limits.maxBytes ? .head(byteCount: end) : .failed(limits.tooLarge)
            }

            // A known name is a token. An unknown one has to be looked at byte by byte.
            let colon = bytes.first(ASCII.colon, from: line)
            var known = KnownField.other
            if colon < bytes.count { known = names.field(named: bytes.part(from: line, to: colon)) }
            if known == .other {
                let end = bytes.endOfToken(from: line, to: colon)
                if end == bytes.count { break }
                if end < colon || end == line { return refuse(bytes, line, at: end, &progress, limits) }
            }

            let valueStart = bytes.endOfWhitespace(from: colon &+ 1)
            let valueEnd = bytes.endOfValue(from: valueStart)
            let next = valueEnd &+ 2
            guard next <= bytes.count else {
                if valueEnd == bytes.count || bytes[valueEnd] == ASCII.cr { break }
                return refuse(bytes, line, at: valueEnd, &progress, limits)
            }
            guard bytes[valueEnd] == ASCII.cr, bytes[valueEnd &+ 1] == ASCII.lf else {
                return refuse(bytes, line, at: valueEnd, &progress, limits)
            }

            guard next <= limits.maxBytes else { return .failed(limits.tooLarge) }
            guard fields.count < limits.maxCount else { return .failed(limits.tooMany) }
            let trimmedEnd = bytes.withoutTrailingWhitespace(from: valueStart, to: valueEnd)
            if limits.forbidden.contains(known) {
                guard limits.dropsForbidden else { return .failed(.forbiddenTrailer) }
                line = next
                continue
            }
            if MessageFacts.noted.contains(known) {
                if let error = facts.note(known, bytes.part(from: valueStart, to: trimmedEnd), at: fields.count) { return .failed(error) }
            }
            fields.append(
                FieldEntry(name: ByteSlice(from: line, to: colon), value: ByteSlice(from: valueStart, to: trimmedEnd), known: known)
            )
            line = next
        }
        return suspend(bytes, line, &progress, limits)
    }

    /// The line that begins at `line` has no LF yet.
    @inline(never)
    private static func suspend(
        _ bytes: WireBytes,
        _ line: Int,
        _ progress: inout ParseProgress,
        _ limits: FieldSectionLimits
    ) -> ParseResult {
        guard bytes.count < limits.maxBytes else { return .failed(limits.tooLarge) }
        progress.lineStart = line
        progress.scannedTo = bytes.count
        return .incomplete
    }

    /// The line that begins at `line` breaks the grammar at `stop`: wait for its end, then say how.
    @inline(never)
    private static func refuse(
        _ bytes: WireBytes,
        _ line: Int,
        at stop: Int,
        _ progress: inout ParseProgress,
        _ limits: FieldSectionLimits
    ) -> ParseResult {
        let lf = bytes.first(ASCII.lf, from: stop)
        guard lf < bytes.count else { return suspend(bytes, line, &progress, limits) }
        guard lf < limits.maxBytes else { return .failed(limits.tooLarge) }
        return .failed(FieldLineFault.classify(bytes, line: line, stop: stop, lf: lf))
    }
}
