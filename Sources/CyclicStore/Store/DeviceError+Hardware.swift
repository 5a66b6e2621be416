// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension DeviceError {
    /// Whether the hardware, or what stands for it, refused: nothing that another configuration would mend.
    var isHardware: Bool {
        #if canImport(Darwin)
        let failures = [EIO, ENXIO, ENODEV, EROFS, ETIMEDOUT]
        #else
        // A file system that turned read-only has met errors below it.
        let failures = [EIO, ENXIO, ENODEV, EROFS, ETIMEDOUT, ENOMEDIUM, EREMOTEIO, EUCLEAN, EBADMSG, ESTALE]
        #endif
        return failures.contains(errno)
    }
}
