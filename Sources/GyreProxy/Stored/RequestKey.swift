// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The bytes that name a URL in the cache: scheme, host in lower case without its default port, path and query as they came.
package enum RequestKey {
    /// In the keys of what a forward proxy has fetched, where there is an origin too.
    static let forwardPart: [UInt8] = Array("forward".utf8)

    /// Where the answer to a HEAD stands, beside where one to GET would. Not found again after a restart: a removal of the URL, which takes this with
    /// it while the process lives, need not be made durable for it.
    static func headAnswer(_ key: [UInt8]) -> [UInt8] { key + headAnswerMark }

    private static let headAnswerMark: [UInt8] = [0] + Array("head ".utf8) + Array(String(UInt64.random(in: 0 ... .max), radix: 36).utf8)

    /// Adds a part behind the target, on a line of its own, which no target can hold.
    static func append(part: [UInt8], to key: inout [UInt8]) {
        key.append(0x0a)
        for byte in part { key.append(byte == 0x0a ? 0x20 : byte) }
    }

    /// A key without its parts: what a purge of a URL means.
    static func withoutParts(_ key: [UInt8]) -> [UInt8] {
        let end = endOfTarget(key)
        return end == key.endIndex ? key : Array(key[..<end])
    }

    /// Where the parts of a key begin.
    static func endOfTarget(_ key: [UInt8]) -> Int { key.firstIndex(of: 0x0a) ?? key.endIndex }

    package static func append(host: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, to key: inout [UInt8]) {
        key.append(contentsOf: "http://".utf8)
        let hostEnd =
            host.count > 3 && host[host.count - 3] == 0x3a && host[host.count - 2] == 0x38 && host[host.count - 1] == 0x30
            ? host.count - 3 : host.count
        for index in 0..<hostEnd {
            let byte = host[index]
            key.append(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
        }
        if path.isEmpty || path[0] != 0x2f { key.append(0x2f) }
        key.append(contentsOf: path)
    }
}
