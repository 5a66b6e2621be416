// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One member of `Cache-Status`: what this cache did with a request (RFC 9211).
public struct CacheStatus: Sendable, Equatable {
    /// Why a request went to the origin (RFC 9211 §2.2).
    public enum Forward: String, Sendable, CaseIterable {
        /// The cache was told not to handle the request.
        case bypass
        /// The method's meaning required it.
        case method
        /// Nothing was stored under the URI.
        case uriMiss = "uri-miss"
        /// What was stored did not match by `Vary`.
        case varyMiss = "vary-miss"
        /// Nothing could be used, and it is not said why.
        case miss
        /// A fresh response was there, but the request did not allow its use.
        case request
        /// A response was there, but it was stale.
        case stale
        /// A part was there, but not all that was asked for.
        case partial
    }

    /// Whether the request was satisfied from the cache (§2.1). Never together with ``forward``.
    public var isHit = false
    /// Why the request went to the origin (§2.2).
    public var forward: Forward?
    /// The status code of the origin's answer (§2.3).
    public var forwardStatus: Int?
    /// Seconds of freshness left, negative when stale (§2.4).
    public var ttlSeconds: Int64?
    /// Whether the answer was stored (§2.5).
    public var isStored = false
    /// Whether the request shared another's way to the origin (§2.6); `nil` leaves it out.
    public var isCollapsed: Bool?
    /// The key, if it is to be shown (§2.7). Of a longer one than ``maxKeyBytes`` the beginning is shown.
    public var key: [UInt8]?
    /// More, for people: the stable name of a reason (§2.8).
    public var detail: String?

    /// Longest part of a key that is shown, in bytes: a field should not grow with whatever a client asks for.
    public static let maxKeyBytes = 1024

    /// Says nothing yet.
    public init() {}

    /// A hit.
    public static func hit(ttlSeconds: Int64, detail: String? = nil) -> CacheStatus {
        var status = CacheStatus()
        status.isHit = true
        status.ttlSeconds = ttlSeconds
        status.detail = detail
        return status
    }

    /// A request that went to the origin.
    public static func forwarded(_ forward: Forward, detail: String? = nil) -> CacheStatus {
        var status = CacheStatus()
        status.forward = forward
        status.detail = detail
        return status
    }

    /// What a decision means. A validation that ends with 304 keeps this and sets ``forwardStatus``.
    public init(_ decision: ReuseDecision) {
        switch decision {
        case .fresh(let served): self = .hit(ttlSeconds: served.ttlSeconds)
        case .staleServable(let reason, let served, _): self = .hit(ttlSeconds: served.ttlSeconds, detail: reason.rawValue)
        case .validate(let reason, _):
            switch reason {
            case .stale, .noCache: self = .forwarded(.stale, detail: reason == .stale ? nil : reason.rawValue)
            case .requestNoCache, .requestMaxAge, .requestMinFresh: self = .forwarded(.request, detail: reason.rawValue)
            }
        case .miss(let reason): self = .forwarded(reason.forward, detail: reason == .incomplete ? reason.rawValue : nil)
        case .gatewayTimeout(let reason):
            self = CacheStatus()
            detail = "only-if-cached/" + reason
        }
    }

    /// Appends the member: the cache's name and the parameters.
    ///
    /// - Parameter cache: the name; written as a token if it is one, else as a string. Bytes that neither may hold become `?`.
    ///
    /// Cost: no allocation but what `output` needs to grow.
    public func append(cache: String, to output: inout [UInt8]) {
        StructuredText.append(cache.utf8.span, to: &output)
        if isHit { output.append(contentsOf: "; hit".utf8) }
        if let forward, !isHit {
            output.append(contentsOf: "; fwd=".utf8)
            output.append(contentsOf: forward.rawValue.utf8)
        }
        if let forwardStatus {
            output.append(contentsOf: "; fwd-status=".utf8)
            ASCII.appendDecimal(Int64(forwardStatus), to: &output)
        }
        if isStored { output.append(contentsOf: "; stored".utf8) }
        if let isCollapsed { output.append(contentsOf: (isCollapsed ? "; collapsed" : "; collapsed=?0").utf8) }
        if let ttlSeconds {
            output.append(contentsOf: "; ttl=".utf8)
            // An Integer of RFC 9651 has at most 15 digits.
            ASCII.appendDecimal(min(max(ttlSeconds, -999_999_999_999_999), 999_999_999_999_999), to: &output)
        }
        if let key { Self.append(key: key.span, to: &output) }
        if let detail {
            output.append(contentsOf: "; detail=".utf8)
            StructuredText.append(detail.utf8.span, to: &output)
        }
    }

    /// Appends the parameter `key` alone, to a member that is written otherwise. A cut key ends in three points; bytes that a String of RFC 9651
    /// cannot hold become `?`.
    public static func append(key: Span<UInt8>, to output: inout [UInt8]) {
        output.append(contentsOf: "; key=".utf8)
        guard key.count > maxKeyBytes else { return StructuredText.appendString(key, to: &output) }
        StructuredText.appendString(key.extracting(first: maxKeyBytes), to: &output)
        output.removeLast()
        output.append(contentsOf: "...\"".utf8)
    }

    /// The member as text.
    public func fieldValue(cache: String) -> String {
        var bytes: [UInt8] = []
        append(cache: cache, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension MissReason {
    /// The word of RFC 9211 §2.2.
    public var forward: CacheStatus.Forward {
        switch self {
        case .uriMiss: .uriMiss
        case .varyMiss: .varyMiss
        case .method: .method
        case .partial: .partial
        case .incomplete: .miss
        }
    }
}

/// Tokens and Strings as RFC 9651 writes them.
enum StructuredText {
    /// As a Token where the bytes are one, else as a String.
    static func append(_ text: Span<UInt8>, to output: inout [UInt8]) {
        guard isToken(text) else { return appendString(text, to: &output) }
        for index in 0..<text.count { output.append(text[index]) }
    }

    static func appendString(_ text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(ASCII.quote)
        for index in 0..<text.count {
            let byte = text[index]
            if byte == ASCII.quote || byte == ASCII.backslash { output.append(ASCII.backslash) }
            output.append(byte >= 0x20 && byte < 0x7F ? byte : ASCII.question)
        }
        output.append(ASCII.quote)
    }

    private static func isToken(_ text: Span<UInt8>) -> Bool {
        guard text.count > 0, ASCII.isLetter(text[0]) || text[0] == ASCII.asterisk else { return false }
        for index in 1..<max(text.count, 1) {
            let byte = text[index]
            guard ASCII.isTokenByte(byte) || byte == ASCII.colon || byte == ASCII.slash else { return false }
        }
        return true
    }
}
