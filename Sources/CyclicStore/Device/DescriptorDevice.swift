// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A device whose bytes are reached through a file descriptor, at the same offsets: what engines need that hand operations to the system.
/// Those engines use the calls of ``BlockDevice`` for any other device.
public protocol DescriptorDevice: BlockDevice {
    /// The open file. It stays open while operations are under way.
    var descriptor: Int32 { get }
    /// Whether transfers bypass the page cache, so that handing one over never copies its bytes on the calling thread.
    var isDirect: Bool { get }
}
