// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire

/// What must hold for any bytes at all that come from a client.
public enum RequestPathCheck {
    /// Parses `bytes` as a request and its content, whole and in pieces.
    ///
    /// - Returns: what does not hold, in words; nil when all does.
    public static func violation(_ bytes: [UInt8]) -> String? {
        let whole = Feeding.request(bytes)
        for cuts in cuttings(bytes.count) where Feeding.request(bytes, cuts: cuts) != whole {
            return "the verdict on a head depends on how it is cut"
        }
        guard case .head(let head) = whole else { return nil }
        if let problem = headViolation(head, bytes) { return problem }
        guard head.framing == .chunked else { return nil }
        return bodyViolation(Array(bytes[head.byteCount...]))
    }

    /// How `count` bytes are cut: in the middle, in three, and into single bytes when there are not too many.
    static func cuttings(_ count: Int) -> [[Int]] {
        guard count > 1 else { return [] }
        var cuttings = [[count / 2], [count / 3, count * 2 / 3], [1], [count - 1]]
        if count <= 2048 { cuttings.append(Array(1..<count)) }
        return cuttings
    }

    private static func headViolation(_ head: RequestSummary, _ bytes: [UInt8]) -> String? {
        guard head.byteCount <= bytes.count, bytes[..<head.byteCount].suffix(4).elementsEqual(wireBytes("\r\n\r\n")) else {
            return "a head does not end with an empty line"
        }
        if head.minorVersion == 1, head.host.isEmpty { return "a request without a host was accepted" }
        for field in head.fields {
            if field.name.isEmpty || field.value.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) {
                return "a field with forbidden bytes was accepted"
            }
        }
        guard var second = Feeding.request(rewritten(head)).summary else { return "an accepted head, written anew, is refused" }
        second.byteCount = head.byteCount
        return second == head ? nil : "an accepted head, written anew, means something else"
    }

    /// The head as a proxy would write it.
    private static func rewritten(_ head: RequestSummary) -> [UInt8] {
        let bytes = try? WireWriter.array(maxBytes: 1 << 20) { writer in
            withExactRegion(wireBytes(head.methodName)) { method in
                withExactRegion(wireBytes(head.target)) { target in
                    if head.minorVersion == 1 {
                        writer.requestLine(method: method, target: target)
                    } else {
                        writer.bytes(method)
                        writer.literal(" ")
                        writer.bytes(target)
                        writer.literal(" HTTP/1.0\r\n")
                    }
                }
            }
            for field in head.fields {
                withExactRegion(wireBytes(field.name)) { name in
                    withExactRegion(wireBytes(field.value)) { value in writer.field(name, value) }
                }
            }
            writer.endOfLine()
        }
        return bytes ?? []
    }

    private static func bodyViolation(_ bytes: [UInt8]) -> String? {
        let whole = Feeding.chunked(bytes)
        if whole.isComplete, whole.consumed > bytes.count { return "more bytes were used up than there are" }
        for cuts in cuttings(bytes.count) {
            let cut = Feeding.chunked(bytes, cuts: cuts)
            // A refused body is given up: how much of it had come out before is not the same, and nobody may use it.
            if cut.error != whole.error { return "the verdict on a body depends on how it is cut" }
            if whole.error == nil, cut != whole { return "what a body says depends on how it is cut" }
        }
        return nil
    }
}

/// The entry for a fuzzer: stops the process when anything does not hold that must hold for any bytes.
///
/// For libFuzzer, call it from `LLVMFuzzerTestOneInput` in a program built with `-sanitize=fuzzer`.
public func fuzzRequestPath(_ bytes: UnsafeRawBufferPointer) {
    if let violation = RequestPathCheck.violation(Array(bytes)) { preconditionFailure(violation) }
}
