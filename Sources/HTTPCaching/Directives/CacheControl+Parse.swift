// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension CacheControl {
    /// Adds the directives of one more field line.
    public mutating func add(line text: Span<UInt8>) {
        var members = ListCursor(0..<text.count)
        while let member = members.next(in: text) {
            if members.hasUnterminatedQuote {
                addBroken(text, member)
                return
            }
            addDirective(text, member)
        }
    }

    /// A member whose quotes make no sense may hide directives, also behind the quotes. What restricts is honoured, what permits is not.
    private mutating func addBroken(_ text: Span<UInt8>, _ member: Range<Int>) {
        var strict = CacheControl()
        var start = member.lowerBound
        while start < member.upperBound {
            var end = start
            while end < member.upperBound, text[end] != ASCII.comma, text[end] != ASCII.quote { end += 1 }
            let part = text.trimmed(start..<end)
            if !part.isEmpty { strict.addDirective(text, part) }
            start = end + 1
        }
        flags.formUnion(
            strict.flags.intersection([
                .noStore, .noCache, .noTransform, .onlyIfCached, .mustRevalidate, .proxyRevalidate, .isPrivate,
            ])
        )
        if strict.maxAgeSeconds != nil { limitMaxAge(nil) }
        if strict.sMaxAgeSeconds != nil { limitSMaxAge(nil) }
        if !strict.noCacheFields.isEmpty { flags.insert(.noCache) }
        if !strict.privateFields.isEmpty { flags.insert(.isPrivate) }
    }

    private mutating func addDirective(_ text: Span<UInt8>, _ member: Range<Int>) {
        var nameEnd = member.lowerBound
        while nameEnd < member.upperBound, ASCII.isTokenByte(text[nameEnd]) { nameEnd += 1 }
        let name = member.lowerBound..<nameEnd
        var argument = Argument.none
        if nameEnd < member.upperBound {
            if text[nameEnd] == ASCII.equals {
                argument = Argument(text, nameEnd + 1..<member.upperBound)
            } else {
                // Something stands after the name that is no argument, for example white space before the equals sign.
                argument = .broken
            }
        }
        if case .broken = argument, text.firstIndex(of: ASCII.comma, from: member.lowerBound) ?? .max < member.upperBound {
            // Quotes in the wrong places made one member of what may have been several.
            addBroken(text, member)
            return
        }
        apply(text, name, argument)
    }

    /// What follows a directive's name. Tokens and quoted strings mean the same (RFC 9111 §5.2).
    enum Argument {
        case none
        case token(Range<Int>)
        /// The inside of a quoted string; `escaped` when it has backslashes.
        case quoted(Range<Int>, escaped: Bool)
        case broken

        init(_ text: Span<UInt8>, _ range: Range<Int>) {
            guard let first = range.first else {
                self = .broken
                return
            }
            guard text[first] == ASCII.quote else {
                self = text.isToken(range) ? .token(range) : .broken
                return
            }
            var index = first + 1
            var escaped = false
            while index < range.upperBound, text[index] != ASCII.quote {
                if text[index] == ASCII.backslash {
                    escaped = true
                    index += 1
                }
                index += 1
            }
            // The closing quote must be the last byte.
            self = index == range.upperBound - 1 ? .quoted(first + 1..<index, escaped: escaped) : .broken
        }

        /// The argument as delta-seconds (RFC 9111 §1.2.2); `nil` when it is none.
        func seconds(_ text: Span<UInt8>) -> Int64? {
            switch self {
            case .token(let range), .quoted(let range, escaped: false): text.decimal(range, limit: CachingLimits.maxDeltaSeconds)
            default: nil
            }
        }

        /// The argument as a list of field names; `nil` when it is none.
        func fieldNames(_ text: Span<UInt8>) -> [String]? {
            let range: Range<Int>
            switch self {
            case .token(let token): range = token
            case .quoted(let inside, escaped: false): range = inside
            default: return nil
            }
            var names: [String] = []
            var cursor = ListCursor(range)
            while let name = cursor.next(in: text) {
                guard text.isToken(name) else { return nil }
                names.append(text.lowercasedString(name))
            }
            return names.isEmpty ? nil : names
        }

        var isNone: Bool {
            if case .none = self { return true }
            return false
        }
    }

    private mutating func apply(_ text: Span<UInt8>, _ name: Range<Int>, _ argument: Argument) {
        func named(_ directive: StaticString) -> Bool { text.matchesIgnoringCase(name, directive) }
        switch name.count {
        case 6:
            if named("public"), argument.isNone { flags.insert(.isPublic) }
        case 7:
            if named("max-age") {
                limitMaxAge(argument.seconds(text))
            } else if named("private") {
                if let names = argument.fieldNames(text) { privateFields += names } else { flags.insert(.isPrivate) }
            }
        case 8:
            if named("no-store") {
                flags.insert(.noStore)
            } else if named("no-cache") {
                if let names = argument.fieldNames(text) { noCacheFields += names } else { flags.insert(.noCache) }
            } else if named("s-maxage") {
                limitSMaxAge(argument.seconds(text))
            }
        case 9:
            if named("immutable"), argument.isNone {
                flags.insert(.immutable)
            } else if named("min-fresh") {
                let seconds = argument.seconds(text) ?? CachingLimits.maxDeltaSeconds
                minFreshSeconds = max(minFreshSeconds ?? 0, seconds)
            } else if named("max-stale") {
                let seconds = argument.isNone ? Self.anyStaleness : argument.seconds(text) ?? 0
                maxStaleSeconds = min(maxStaleSeconds ?? .max, seconds)
            }
        case 12:
            if named("no-transform") { flags.insert(.noTransform) }
        case 14:
            if named("only-if-cached") {
                flags.insert(.onlyIfCached)
            } else if named("stale-if-error") {
                staleIfErrorSeconds = min(staleIfErrorSeconds ?? .max, argument.seconds(text) ?? 0)
            }
        case 15:
            if named("must-revalidate") {
                flags.insert(.mustRevalidate)
            } else if named("must-understand"), argument.isNone {
                flags.insert(.mustUnderstand)
            }
        case 16:
            if named("proxy-revalidate") { flags.insert(.proxyRevalidate) }
        case 22:
            if named("stale-while-revalidate") {
                staleWhileRevalidateSeconds = min(staleWhileRevalidateSeconds ?? .max, argument.seconds(text) ?? 0)
            }
        default: break
        }
    }

    mutating func limitMaxAge(_ seconds: Int64?) {
        if seconds == nil { flags.insert(.invalidTime) }
        maxAgeSeconds = min(maxAgeSeconds ?? .max, seconds ?? 0)
    }

    mutating func limitSMaxAge(_ seconds: Int64?) {
        if seconds == nil { flags.insert(.invalidTime) }
        sMaxAgeSeconds = min(sMaxAgeSeconds ?? .max, seconds ?? 0)
    }
}
