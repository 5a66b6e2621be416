// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why a settings file could not be read as text.
enum FileRefusal: Error, Equatable {
    /// The system said no, in these words.
    case system(String)
    /// It has more than ``SettingLimits/maxFileBytes``.
    case tooLarge
    /// It is not UTF-8; this line is the first that is not.
    case notUTF8(line: Int)
}

/// Reads whole small files.
enum FileText {
    /// The text of a file. Never reads more than one byte past the limit, whatever the path names.
    static func read(_ path: String) throws(FileRefusal) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(systemError()) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let limit = SettingLimits.maxFileBytes + 1
        var chunk = [UInt8](repeating: 0, count: 16384)
        while bytes.count < limit {
            let wanted = min(chunk.count, limit - bytes.count)
            let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, wanted) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(systemError())
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        guard bytes.count < limit else { throw .tooLarge }
        return try decode(bytes)
    }

    static func decode(_ bytes: [UInt8]) throws(FileRefusal) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        throw .notUTF8(line: (index ?? 0) + 1)
    }

    private static func systemError() -> String {
        String(cString: strerror(errno))
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
