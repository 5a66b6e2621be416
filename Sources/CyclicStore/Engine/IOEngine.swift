// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Runs device operations away from the caller. Engines differ in threads and system calls, never in meaning.
public protocol IOEngine: AnyObject, Sendable {
    /// Takes the operation and returns true, or returns false at once when there is no room: nothing was taken, no completion will come.
    func submit(_ operation: IOOperation) -> Bool
    /// Finishes what was taken, then stops. Not to be called from a completion: it waits for those.
    func shutDown()
    /// Counts since the engine was made.
    var statistics: IOEngineStatistics { get }
}

/// One transfer. The memory stays valid until the completion has been called, on any thread.
public struct IOOperation: @unchecked Sendable {
    /// What is to be done.
    public enum Kind: Sendable {
        case read
        case write
        /// Makes every write that completed before survive a loss of power. Offset and region mean nothing.
        case sync
    }
    /// What is to be done.
    public var kind: Kind
    /// Where the bytes are.
    public var device: any BlockDevice
    /// Offset on the device in bytes.
    public var offset: Int
    /// Memory to fill or to write. Unchecked: the submitter keeps it alive and untouched until completion.
    public var region: UnsafeMutableRawBufferPointer
    /// Called exactly once; nil error means all bytes were transferred.
    public var completion: @Sendable (DeviceError?) -> Void

    /// An operation; see the properties.
    public init(
        kind: Kind,
        device: any BlockDevice,
        offset: Int = 0,
        region: UnsafeMutableRawBufferPointer = UnsafeMutableRawBufferPointer(start: nil, count: 0),
        completion: @escaping @Sendable (DeviceError?) -> Void
    ) {
        self.kind = kind
        self.device = device
        self.offset = offset
        self.region = region
        self.completion = completion
    }

    /// Does the transfer on the calling thread and tells the submitter.
    public func perform() {
        do throws(DeviceError) {
            switch kind {
            case .read: try device.read(at: offset, into: region)
            case .write: try device.write(at: offset, from: UnsafeRawBufferPointer(region))
            case .sync: try device.sync()
            }
            completion(nil)
        } catch {
            completion(error)
        }
    }
}

extension IOOperation {
    /// Tells the submitter what the system answered: a count of bytes, or an error number negated.
    ///
    /// What a short transfer left over is done here, on the calling thread: it happens at the end of a device, and then the blocking call
    /// says so at once.
    func conclude(_ result: Int) {
        guard result >= 0 else { return completion(error(Int32(-result))) }
        do throws(DeviceError) {
            switch kind {
            case .read where result < region.count:
                try device.read(at: offset + result, into: region.part(result, region.count - result))
            case .write where result < region.count:
                try device.write(at: offset + result, from: UnsafeRawBufferPointer(region.part(result, region.count - result)))
            case .read, .write, .sync:
                break
            }
            completion(nil)
        } catch {
            completion(error)
        }
    }

    private func error(_ number: Int32) -> DeviceError {
        switch kind {
        case .read: DeviceError(.read, errno: number, offset: offset)
        case .write: DeviceError(.write, errno: number, offset: offset)
        case .sync: DeviceError(.sync, errno: number)
        }
    }
}
