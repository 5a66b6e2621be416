// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// Runs `body` on a thread that nobody joins. False when there is none to be had.
///
/// The thread takes no signals: they belong to whoever handles them, and a pipe that nobody reads is to be an error number rather than the end of the process.
func startDetachedThread(_ body: @escaping () -> Void) -> Bool {
    let held = Unmanaged.passRetained(ThreadBody(body))
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // A thread inherits the mask, so the new one never runs without it.
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(&thread, nil, { runBody($0) }, held.toOpaque())
    #else
    var thread = pthread_t()
    let status = pthread_create(&thread, nil, { $0.flatMap(runBody) }, held.toOpaque())
    #endif
    guard status == 0 else {
        held.release()
        return false
    }
    #if canImport(Darwin)
    if let thread { pthread_detach(thread) }
    #else
    pthread_detach(thread)
    #endif
    return true
}

private func runBody(_ held: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadBody>.fromOpaque(held).takeRetainedValue().run()
    return nil
}
