// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension RequestHead {
    /// The fields that ``finishRare(_:)`` looks into.
    private static let rarelyPresent: FieldSet = [.expect, .upgrade, .te]

    /// Draws the conclusions from a whole head. Called once, after the empty line.
    @inline(__always)
    mutating func finish(_ bytes: WireBytes) -> WireError? {
        if let error = finishHost(bytes) { return error }
        if let error = facts.framingRefusal(minorVersion: minorVersion) { return error }
        if facts.codings.isPresent {
            framing = .chunked
        } else if let length = facts.contentLength {
            framing = .length(length)
        }
        connection = facts.connection
        keepAlive = connection.persists(minorVersion: minorVersion)
        if method == .connect || method == .trace, framing.hasBody { return .contentNotAllowed }
        if fields.present.isDisjoint(with: Self.rarelyPresent) { return nil }
        return finishRare(bytes)
    }

    /// Makes an authority of the target, or that of `Host`, the one that the request is for.
    @inline(__always)
    mutating func setHost(_ authority: Authority, at start: Int) {
        hostSlice = ByteSlice(from: start, to: start &+ authority.byteCount)
        hostName = ByteSlice(from: start, to: start &+ authority.nameBytes)
        port = authority.port
    }

    @inline(__always)
    private mutating func finishHost(_ bytes: WireBytes) -> WireError? {
        guard let index = facts.hostIndex else { return minorVersion == 0 ? nil : .missingHost }
        let value = fields[index].value
        guard let authority = Authority(bytes.part(value)) else { return .badHost }
        if hostSlice.isEmpty {
            setHost(authority, at: Int(value.start))
            return nil
        }
        return matchesTarget(authority, bytes, at: Int(value.start)) ? nil : .hostMismatch
    }

    /// Whether `Host` names what the target names. RFC 9112 §3.2.2 lets a proxy ignore `Host` here; two names for one request are refused instead,
    /// because whoever looks at the other one is misled.
    @inline(never)
    private func matchesTarget(_ authority: Authority, _ bytes: WireBytes, at start: Int) -> Bool {
        let name = bytes.part(from: start, to: start &+ authority.nameBytes)
        guard name.equalsIgnoringCase(bytes.part(hostName)) else { return false }
        // With CONNECT some clients leave the port out of `Host`; there is no scheme that could say which one is meant.
        if targetForm == .authority { return authority.port == nil || authority.port == port }
        return (authority.port ?? scheme.defaultPort) == (port ?? scheme.defaultPort)
    }

    @inline(never)
    private mutating func finishRare(_ bytes: WireBytes) -> WireError? {
        // RFC 9110 §10.1.1 and §7.8: both are ignored from HTTP/1.0.
        guard minorVersion > 0 else { return nil }
        if let index = fields.firstIndex(of: .expect) {
            guard bytes.part(fields[index].value).equals(lowercase: "100-continue") else { return .unknownExpectation }
            if fields.firstIndex(of: .expect, from: index &+ 1) != nil { return .unknownExpectation }
            expectContinue = framing.hasBody
        }
        upgrade = fields.present.contains(.upgrade) && connection.contains(.upgrade)
        var from = 0
        while let index = fields.firstIndex(of: .te, from: from) {
            if FieldList.contains("trailers", in: bytes.part(fields[index].value)) { acceptsTrailers = true }
            from = index &+ 1
        }
        return nil
    }
}
