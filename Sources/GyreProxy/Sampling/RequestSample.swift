// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a running server knows of the requests of the last week: how many there were, and those for some of the objects one by one.
public struct RequestSample: Sendable {
    /// A request for an object of the sample.
    public struct Request: Hashable, Sendable {
        /// The object's number in the sample, in order of first appearance.
        public var object: Int
        /// Since the first of the sample.
        public var milliseconds: Int
        /// Of the body that was sent; 0 where the answer shows none, as to HEAD and with 304.
        public var bytes: Int
    }

    /// Requests that a shared cache may answer: GET and HEAD with a status that may be stored.
    public var requests = 0
    /// Bytes of their bodies.
    public var bytes = 0
    /// From the first to the last of them, in milliseconds.
    public var milliseconds = 0
    /// Share of all objects that is in the sample.
    public var share = 1.0
    /// Requests that are in no count, since the sampler's queue was full.
    public var lost = 0
    /// The requests for objects of the sample, by time.
    public var sampled: [Request] = []
}

/// As it is kept: 16 bytes.
struct SampledRequest: Sendable {
    /// Half of the key's hash.
    var object: UInt64
    /// Since the sampler began; wraps after 49 days, seven times as long as requests are kept.
    var milliseconds: UInt32
    var bytes: UInt32
}
