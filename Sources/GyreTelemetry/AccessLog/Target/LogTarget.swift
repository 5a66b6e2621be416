// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where the lines of a log go. Used by the writer thread alone, which may wait in it.
public protocol LogTarget: AnyObject {
    /// Whether lines go nowhere, so that there is no need to make them. Asked once.
    var discardsLines: Bool { get }

    /// Writes all of it, or says how much was written. `bytes` are whole lines, and good during the call only.
    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError)

    /// Opens the file anew, under its name. Where there is none this does nothing.
    func reopen() throws(LogTargetError)

    /// Lets go of the file. The last call.
    func close()
}

extension LogTarget {
    /// Lines go somewhere.
    public var discardsLines: Bool { false }
    /// Nothing to open.
    public func reopen() throws(LogTargetError) {}
    /// Nothing to let go of.
    public func close() {}
}

/// An operation of a log target that failed.
public struct LogTargetError: Error, Sendable, Hashable {
    /// What failed. The names are values of a label, and must never change.
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// Opening the file at the start.
        case open
        /// Writing.
        case write
        /// Opening the file anew; the old one stays in use.
        case reopen

        var index: Int {
            switch self {
            case .open: 0
            case .write: 1
            case .reopen: 2
            }
        }
    }

    /// What failed.
    public let operation: Operation
    /// The system's error number.
    public let errorNumber: Int32
    /// Bytes that were written before.
    public let writtenBytes: Int

    /// Makes an error.
    public init(_ operation: Operation, errorNumber: Int32, writtenBytes: Int = 0) {
        self.operation = operation
        self.errorNumber = errorNumber
        self.writtenBytes = writtenBytes
    }
}

/// No log at all. A line costs one comparison.
public final class NoLogTarget: LogTarget {
    /// Lines go nowhere.
    public let discardsLines = true
    /// Makes it.
    public init() {}
    /// Does nothing.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {}
}
