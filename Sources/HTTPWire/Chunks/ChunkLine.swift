// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The states of a chunk line (RFC 9112 §7.1 and §7.1.1): size, extensions, CRLF. One byte in, the next state or a refusal out.
///
/// `chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`. Whitespace is taken where that rule has it and nowhere else: a size with
/// spaces behind it and no extension is refused.
enum ChunkLineState: UInt8 {
    /// Next: `size`.
    case start
    /// Next: itself, `beforeSemicolon`, `beforeName`, `lf`.
    case size
    /// Whitespace that only a semicolon can follow. Next: itself, `beforeName`.
    case beforeSemicolon
    /// Next: itself, `name`.
    case beforeName
    /// Next: itself, `afterName`, `beforeName`, `beforeValue`, `lf`.
    case name
    /// Whitespace behind a name. Next: itself, `beforeName`, `beforeValue`.
    case afterName
    /// Next: itself, `value`, `quoted`.
    case beforeValue
    /// Next: itself, `beforeSemicolon`, `beforeName`, `lf`.
    case value
    /// Inside quotes. Next: itself, `escaped`, `afterQuote`.
    case quoted
    /// The byte behind a backslash. Next: `quoted`.
    case escaped
    /// Next: `beforeSemicolon`, `beforeName`, `lf`.
    case afterQuote
    /// CR was seen. Next: the line is over.
    case lf

    /// The state after `byte`, or nil when `byte` cannot stand here. Digits of the size and the final LF are not asked about.
    func next(after byte: UInt8) -> ChunkLineState? {
        switch self {
        case .start, .lf:
            nil
        case .size, .value, .afterQuote:
            if self == .value, ASCII.isToken(byte) { .value } else { Self.endOfPart(byte) }
        case .beforeSemicolon:
            if ASCII.isWhitespace(byte) { .beforeSemicolon } else { byte == ASCII.semicolon ? .beforeName : nil }
        case .beforeName:
            if ASCII.isWhitespace(byte) { .beforeName } else { ASCII.isToken(byte) ? .name : nil }
        case .name:
            if ASCII.isToken(byte) {
                .name
            } else if byte == ASCII.equals {
                .beforeValue
            } else if ASCII.isWhitespace(byte) {
                .afterName
            } else {
                Self.endOfPart(byte)
            }
        case .afterName:
            if ASCII.isWhitespace(byte) {
                .afterName
            } else if byte == ASCII.equals {
                .beforeValue
            } else {
                byte == ASCII.semicolon ? .beforeName : nil
            }
        case .beforeValue:
            if ASCII.isWhitespace(byte) {
                .beforeValue
            } else if byte == ASCII.quote {
                .quoted
            } else {
                ASCII.isToken(byte) ? .value : nil
            }
        case .quoted:
            if byte == ASCII.quote {
                .afterQuote
            } else if byte == ASCII.backslash {
                .escaped
            } else {
                Self.isText(byte) ? .quoted : nil
            }
        case .escaped:
            Self.isText(byte) ? .quoted : nil
        }
    }

    private static func endOfPart(_ byte: UInt8) -> ChunkLineState? {
        if byte == ASCII.cr { return .lf }
        if byte == ASCII.semicolon { return .beforeName }
        return ASCII.isWhitespace(byte) ? .beforeSemicolon : nil
    }

    /// What quotes may hold: HTAB, SP, visible characters and bytes above ASCII (RFC 9110 §5.6.4).
    private static func isText(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != ASCII.delete || byte == ASCII.tab
    }
}
