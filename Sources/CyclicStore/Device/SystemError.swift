// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

enum SystemError {
    /// The system's words for an error number.
    static func text(_ number: Int32) -> String {
        guard let words = strerror(number) else { return "error \(number)" }
        return String(cString: words)
    }

    static var last: Int32 { errno }
    /// What it is called when there is no thread to be had.
    static var noThread: Int32 { EAGAIN }

    /// Kinds of errors that people are given different advice for.
    enum Kind { case notPermitted, notSupported, outOfMemory, outOfSpace, busy, other }

    static func kind(_ number: Int32) -> Kind {
        switch number {
        case EPERM, EACCES: .notPermitted
        case ENOSYS, EOPNOTSUPP, ENOTSUP, EINVAL: .notSupported
        case ENOMEM: .outOfMemory
        case ENOSPC, EDQUOT, EFBIG: .outOfSpace
        case EBUSY: .busy
        default: .other
        }
    }
}
