// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Whether a new 206 can be joined with what is stored (RFC 9111 §3.4, RFC 9110 §15.3.7.3).
public enum PartialCombination: Sendable, Equatable {
    /// Both belong to one state of the representation: keep both parts, with the new response's head.
    case combine
    /// Keep the new part alone: the stored one is of another state or of unknown sameness.
    case replace(Refusal)

    /// Why two parts may not be joined.
    public enum Refusal: String, Sendable, CaseIterable {
        /// One of them has no strong validator.
        case noStrongValidator = "no-strong-validator"
        /// The strong validators differ.
        case validatorMismatch = "validator-mismatch"
        /// The complete lengths differ: the origin contradicts itself.
        case lengthMismatch = "length-mismatch"
        /// Neither response is a part of the other.
        case notPartial = "not-partial"
    }

    /// Decides. Strong validators are equal strong entity tags; without any entity tag, equal and strong modification times.
    public static func decide(stored: StoredHead, new: StoredHead) -> PartialCombination {
        guard let newPart = new.partial, stored.partial != nil || stored.status == 200 else { return .replace(.notPartial) }
        let storedTag = stored.entityTag
        let newTag = new.entityTag
        if storedTag != nil || newTag != nil {
            guard let storedTag, let newTag, !storedTag.isWeak, !newTag.isWeak else { return .replace(.noStrongValidator) }
            guard storedTag.matchesStrongly(newTag) else { return .replace(.validatorMismatch) }
        } else {
            guard let storedTime = stored.lastModified, let newTime = new.lastModified, stored.isLastModifiedStrong,
                new.isLastModifiedStrong
            else { return .replace(.noStrongValidator) }
            guard storedTime == newTime else { return .replace(.validatorMismatch) }
        }
        let storedLength = stored.partial == nil ? stored.bodyByteCount : stored.partial?.completeLength
        if let storedLength, let newLength = newPart.completeLength, storedLength != newLength { return .replace(.lengthMismatch) }
        return .combine
    }
}
