// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Who may use the forward proxy with a password: the lines `name:hash` of a file.
public struct UserTable: Sendable {
    /// What is wrong in a file of users, and where.
    public struct Problem: Error, Sendable, Hashable {
        /// Counted from 1.
        public let line: Int
        /// What is wrong and what is allowed.
        public let text: String
    }

    private static let maxUsers = 10_000
    private var hashes: [String: PasswordHash] = [:]
    /// Compared with when there is no such user, so that an answer takes as long.
    private let nobody: PasswordHash?

    /// Reads the text of a file. Empty lines and those that begin with `#` are passed over.
    public init(text: String) throws(Problem) {
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            guard !line.isEmpty, line.first != "#" else { continue }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw Problem(line: number, text: "no name before a colon; write name:hash, as made by gyre user NAME")
            }
            let name = String(line[..<colon])
            guard let hash = PasswordHash(String(line[line.index(after: colon)...])) else {
                throw Problem(
                    line: number,
                    text: "the hash of \(name) is none; write pbkdf2-sha256$ROUNDS$SALT$HASH, as made by gyre user NAME"
                )
            }
            guard hashes.updateValue(hash, forKey: name) == nil else { throw Problem(line: number, text: "\(name) is named twice") }
            guard hashes.count <= Self.maxUsers else { throw Problem(line: number, text: "more than \(Self.maxUsers) users") }
        }
        nobody = try? PasswordHash(of: "nobody", rounds: PasswordHash.allowedRounds.lowerBound)
    }

    /// Whether somebody may come in at all.
    public var isEmpty: Bool { hashes.isEmpty }

    /// Whether these are somebody's name and password. Cost: some 60 ms; not for an event loop.
    func permits(_ credentials: BasicCredentials) -> Bool {
        guard let hash = hashes[credentials.user] else {
            _ = (hashes.first?.value ?? nobody)?.matches(credentials.password)
            return false
        }
        return hash.matches(credentials.password)
    }
}
