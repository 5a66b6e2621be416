// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

private final class ThreadBody {
    let name: String
    let body: () -> Void

    init(_ name: String, _ body: @escaping () -> Void) {
        self.name = name
        self.body = body
    }

    func run() {
        gyre_name_thread(name)
        body()
    }
}

/// Runs a closure on a new thread. Nil when the system has no thread to give.
/// - Parameter name: For `top -H` and debuggers; at most 15 bytes.
func startThread(_ name: String, _ run: @escaping () -> Void) -> pthread_t? {
    let body = Unmanaged.passRetained(ThreadBody(name, run))
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
