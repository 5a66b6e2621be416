// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Finds the reason for refusing a field line that is known to be wrong. Off the hot path.
enum FieldLineFault {
    /// - Parameters:
    ///   - line: where the line begins
    ///   - stop: the byte that broke the grammar
    ///   - lf: the first LF of the line
    static func classify(_ bytes: WireBytes, line: Int, stop: Int, lf: Int) -> WireError {
        let byte = bytes[stop]
        if byte == ASCII.cr {
            if stop &+ 1 != lf { return .bareCR }
            return .missingColon
        }
        if byte == ASCII.lf { return .bareLF }
        let colon = bytes.part(from: 0, to: lf).first(ASCII.colon, from: line)
        if colon < stop {
            return byte == 0 ? .nulByte : .controlCharacter
        }
        if stop == line {
            if ASCII.isWhitespace(byte) { return .obsFold }
            if byte == ASCII.colon { return .emptyFieldName }
        }
        if ASCII.isWhitespace(byte), bytes.endOfWhitespace(from: stop) == colon { return .spaceBeforeColon }
        return .badFieldName
    }
}
