// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the volume makes room: decided by small values that are given facts and answer; the mechanism is the volume's.
public enum Replacement: String, Sendable, CaseIterable {
    /// First in, first out: what the head reaches is forgotten, nothing is carried forward.
    case cyclic
}
