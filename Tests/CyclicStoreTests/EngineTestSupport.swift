// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import CyclicStore

/// A folder that a test has to itself.
struct TestFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
    func remove() { try? FileManager.default.removeItem(at: url) }
}

func withFile(bytes: Int, direct: Bool, _ body: (FileDevice) async throws -> Void) async throws {
    let folder = try TestFolder()
    defer { folder.remove() }
    let device: FileDevice
    do {
        device = try FileDevice(path: folder.path("file"), byteCount: bytes, directIO: direct)
    } catch  where error.operation == .directIO {
        // The file system of the temporary folder has none; nothing can be tested here.
        return
    }
    try await body(device)
    device.close()
}

/// How an operation ended, in a form that can be compared.
enum Outcome: Equatable {
    case success
    case refused
    case failure(DeviceError.Operation, Int32, at: Int)
}

func run(
    _ engine: any IOEngine,
    _ kind: IOOperation.Kind,
    _ device: any BlockDevice,
    _ offset: Int,
    _ region: UnsafeMutableRawBufferPointer?
) async -> Outcome {
    nonisolated(unsafe) let region = region ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
    return await withCheckedContinuation { continuation in
        let taken = engine.submit(
            IOOperation(kind: kind, device: device, offset: offset, region: region) { error in
                continuation.resume(returning: error.map { .failure($0.operation, $0.errno, at: $0.offset) } ?? .success)
            }
        )
        if !taken { continuation.resume(returning: .refused) }
    }
}

/// Any file, special ones too, with the plain calls of the system.
final class RawDevice: DescriptorDevice {
    let descriptor: Int32
    let byteCount = Int.max
    let alignment = 1
    let isDirect = false

    init(opening path: String, flags: Int32 = O_RDWR) throws {
        descriptor = open(path, flags)
        try #require(descriptor >= 0)
    }

    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        guard pread(descriptor, region.baseAddress, region.count, offset) == region.count else {
            throw DeviceError(.read, errno: errno, offset: offset)
        }
    }

    func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }

    func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) {
        guard pwrite(descriptor, region.baseAddress, region.count, offset) == region.count else {
            throw DeviceError(.write, errno: errno, offset: offset)
        }
    }

    func sync() throws(DeviceError) {
        guard fdatasync(descriptor) == 0 else { throw DeviceError(.sync, errno: errno) }
    }

    func close() { _ = Glibc.close(descriptor) }
}

/// A pipe: every read of it stalls until it is fed.
final class PipeDevice: DescriptorDevice {
    let descriptor: Int32
    private let writeEnd: Int32
    let byteCount = Int.max
    let alignment = 1
    let isDirect = false

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    func feed(_ count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(Glibc.write(writeEnd, bytes, count) == count)
    }

    func read(at offset: Int, into region: UnsafeMutableRawBufferPointer) throws(DeviceError) {
        guard Glibc.read(descriptor, region.baseAddress, region.count) == region.count else {
            throw DeviceError(.read, errno: errno, offset: offset)
        }
    }

    func readIfCached(at offset: Int, into region: UnsafeMutableRawBufferPointer) -> Bool { false }
    func write(at offset: Int, from region: UnsafeRawBufferPointer) throws(DeviceError) { throw DeviceError(.write, errno: EBADF) }
    func sync() throws(DeviceError) {}

    func close() {
        _ = Glibc.close(descriptor)
        _ = Glibc.close(writeEnd)
    }
}
