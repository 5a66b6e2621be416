// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The primary key of a request (RFC 9111 §2): the target URI by rule, as bytes. The method is not in it: GET and HEAD share what is stored.
public enum CacheKey {
    /// The key: scheme, host, port where it is not the default, path and query, and what the operator adds.
    ///
    /// - Parameters:
    ///   - uri: the target.
    ///   - rules: how targets are made equal.
    ///   - parts: more parts of the key, for example the value of a request field that a site rule names. Each is on a line of its own, which no URI can
    ///     hold, so that parts and targets never run into each other; a line end in a part is written as a space.
    ///
    /// Cost: one allocation for the key, and those of ``target(of:rules:)``.
    public static func bytes(of uri: TargetURI, rules: CacheKeyRules, parts: [[UInt8]] = []) -> [UInt8] {
        var key: [UInt8] = []
        uri.normalized(rules).append(to: &key)
        for part in parts {
            key.append(ASCII.newline)
            for byte in part { key.append(byte == ASCII.newline ? ASCII.space : byte) }
        }
        return key
    }

    /// The path and query by rule: what the key has, and what the origin is to be asked for.
    ///
    /// Asking the origin for anything else would let one client choose the answer that others get under the same key.
    public static func target(of uri: TargetURI, rules: CacheKeyRules) -> [UInt8] {
        guard !isNormal(uri.pathAndQuery, by: rules) else { return uri.pathAndQuery }
        let whole = uri.pathAndQuery
        let mark = whole.firstIndex(of: ASCII.question)
        var path = Array(whole[..<(mark ?? whole.endIndex)])
        var query = mark.map { Array(whole[($0 + 1)...]) }
        if rules.path == .normalized {
            path = DotSegments.removed(PercentEncoding.normalized(path))
            query = query.map(PercentEncoding.normalized)
        }
        if let kept = query.flatMap({ QueryRewrite.apply(rules, to: $0) }) {
            path.append(ASCII.question)
            path.append(contentsOf: kept)
        }
        return path
    }

    /// Whether the rules leave a path and query as they are for certain: nothing in them is encoded, and no segment begins with a dot.
    static func isNormal(_ target: [UInt8], by rules: CacheKeyRules) -> Bool {
        guard !rules.changesQuery else { return false }
        guard rules.path == .normalized else { return true }
        guard target.first == ASCII.slash else { return false }
        var last: UInt8 = 0
        var isInPath = true
        for byte in target {
            if byte == ASCII.percent || (isInPath && byte == ASCII.dot && last == ASCII.slash) { return false }
            if byte == ASCII.question { isInPath = false }
            last = byte
        }
        return true
    }
}

/// Percent-encoding by RFC 3986 §6.2.2: equal forms become one, and nothing that has a meaning changes.
enum PercentEncoding {
    /// The normal form. A text with a percent sign that begins no encoding stays as it is: decoding beside it could make a new encoding.
    static func normalized(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(ASCII.percent) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == ASCII.percent else {
                result.append(text[index])
                index += 1
                continue
            }
            guard index + 2 < text.count, let high = ASCII.hexValue(text[index + 1]), let low = ASCII.hexValue(text[index + 2]) else {
                return text
            }
            let byte = high << 4 | low
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result.append(ASCII.percent)
                result.append(upperHex(high))
                result.append(upperHex(low))
            }
            index += 3
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.minus || byte == ASCII.dot || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "~")
    }

    private static func upperHex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? ASCII.zero + digit : UInt8(ascii: "A") + digit - 10
    }
}

/// The operator's rules for parameters.
enum QueryRewrite {
    /// The query by rule; `nil` when rules left nothing of it. A query that no rule touches stays, even an empty one.
    static func apply(_ rules: CacheKeyRules, to query: [UInt8]) -> [UInt8]? {
        guard rules.keepsQuery else { return nil }
        guard rules.changesQuery else { return query }
        var parameters = query.split(separator: ASCII.ampersand, omittingEmptySubsequences: true)
        parameters.removeAll { parameter in
            let name = parameterName(parameter)
            if matches(name, rules.strippedParameters) { return true }
            if let allowed = rules.allowedParameters { return !matches(name, allowed) }
            return false
        }
        if rules.sortsQuery {
            let order = parameters.indices.sorted { left, right in
                let a = parameterName(parameters[left])
                let b = parameterName(parameters[right])
                return a.elementsEqual(b) ? left < right : a.lexicographicallyPrecedes(b)
            }
            parameters = order.map { parameters[$0] }
        }
        return parameters.isEmpty ? nil : Array(parameters.joined(separator: [ASCII.ampersand]))
    }

    private static func parameterName(_ parameter: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        parameter.prefix { $0 != ASCII.equals }
    }

    private static func matches(_ name: ArraySlice<UInt8>, _ patterns: [String]) -> Bool {
        patterns.contains { pattern in
            pattern.utf8.last == ASCII.asterisk ? name.starts(with: pattern.utf8.dropLast()) : name.elementsEqual(pattern.utf8)
        }
    }
}
