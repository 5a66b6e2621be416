// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWireTestSupport

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzzRequestPath(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}

/// `argv`.
public typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// libFuzzer's own main, by the name under which it can be called. Its calling convention is C's, which for pointers is also Swift's.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<Arguments>,
    _ callback: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The package manager has `main` call this one.
@_cdecl("FuzzRequestPath_main")
public func fuzzMain(_ count: CInt, _ arguments: Arguments) -> CInt {
    var (count, arguments) = (count, arguments)
    return runDriver(&count, &arguments, fuzzOneInput)
}
