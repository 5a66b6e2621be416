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

/// Runs a closure on a new thread. Nil when the system has no thread to give.
func startThread(_ run: @escaping () -> Void) -> pthread_t? {
    let body = Unmanaged.passRetained(ThreadBody(run))
    #if canImport(Darwin)
    var thread: pthread_t?
    let status = pthread_create(
        &thread,
        nil,
        {
            Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run(); return nil
        },
        body.toOpaque()
    )
    #else
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        nil,
        { argument in
            if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        },
        body.toOpaque()
    )
    #endif
    guard status == 0 else {
        body.release()
        return nil
    }
    return thread
}

/// Lets a thread end by itself.
func detachThread(_ thread: pthread_t) { pthread_detach(thread) }
