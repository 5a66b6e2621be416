// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Crypto
import CryptoExtras

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A password as it is kept: PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), written `pbkdf2-sha256$rounds$salt$hash` with salt and hash in base64.
public struct PasswordHash: Sendable, Hashable {
    private static let scheme = "pbkdf2-sha256"
    private static let hashBytes = 32
    /// Rounds of a new hash: some 60 ms of one core, for whoever asks and for whoever guesses.
    public static let usualRounds = 210_000
    /// Fewer are guessed too fast, more would occupy the server.
    static let allowedRounds = 1000...5_000_000
    private static let allowedSaltBytes = 8...64

    private let rounds: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// The hash of a new password, with a salt of its own. Cost: see ``usualRounds``.
    public init(of password: String, rounds: Int = PasswordHash.usualRounds) throws {
        var generator = SystemRandomNumberGenerator()
        salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.rounds = min(max(rounds, Self.allowedRounds.lowerBound), Self.allowedRounds.upperBound)
        hash = Array(try Self.derive(Array(password.utf8), salt, self.rounds).withUnsafeBytes { Array($0) })
    }

    /// Reads a hash; nil when it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == Self.scheme, let rounds = Int(parts[1]), Self.allowedRounds.contains(rounds),
            let salt = Data(base64Encoded: parts[2]), Self.allowedSaltBytes.contains(salt.count),
            let hash = Data(base64Encoded: parts[3]), hash.count == Self.hashBytes
        else { return nil }
        self.rounds = rounds
        self.salt = Array(salt)
        self.hash = Array(hash)
    }

    /// As it is written in a file of users.
    public var text: String {
        "\(Self.scheme)$\(rounds)$\(Data(salt).base64EncodedString())$\(Data(hash).base64EncodedString())"
    }

    /// Whether a password is the one. Takes as long for a wrong one. Cost: see ``usualRounds``; not for an event loop.
    func matches(_ password: [UInt8]) -> Bool {
        guard let derived = try? Self.derive(password, salt, rounds) else { return false }
        // Keys are compared in constant time.
        return derived == SymmetricKey(data: hash)
    }

    private static func derive(_ password: [UInt8], _ salt: [UInt8], _ rounds: Int) throws -> SymmetricKey {
        try KDF.Insecure.PBKDF2.deriveKey(
            from: password,
            salt: salt,
            using: .sha256,
            outputByteCount: hashBytes,
            unsafeUncheckedRounds: rounds
        )
    }
}
