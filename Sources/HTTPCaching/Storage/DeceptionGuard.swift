// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// Notices a page that answers under the name of a static file, by which an attacker makes a cache keep what is private (web cache deception).
enum DeceptionGuard {
    /// Whether a path ends in a well-known extension of static files and the type is a document's. Anything else is no contradiction.
    static func contradicts(path: String?, contentType: HTTPField?) -> Bool {
        guard let path, let contentType else { return false }
        let text = path.utf8.span
        let end = text.firstIndex(of: ASCII.question, from: 0) ?? text.count
        var dot = end - 1
        while dot >= 0, text[dot] != ASCII.dot, text[dot] != ASCII.slash { dot -= 1 }
        guard dot >= 0, text[dot] == ASCII.dot, isStatic(text.lowercasedString(dot + 1..<end)) else { return false }
        return contentType.withValue { value in
            let stop = value.firstIndex(of: ASCII.semicolon, from: 0) ?? value.count
            let type = value.trimmed(0..<stop)
            return value.matchesIgnoringCase(type, "text/html") || value.matchesIgnoringCase(type, "application/xhtml+xml")
                || value.matchesIgnoringCase(type, "application/json")
        }
    }

    private static func isStatic(_ fileExtension: String) -> Bool {
        switch fileExtension {
        case "avif", "bmp", "css", "gif", "ico", "jpeg", "jpg", "js", "mjs", "mp3", "mp4", "ogg", "otf", "pdf", "png", "svg", "ttf", "webm",
            "webp", "woff", "woff2", "zip":
            true
        default: false
        }
    }
}
