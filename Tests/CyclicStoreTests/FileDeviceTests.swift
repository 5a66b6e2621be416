// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import CyclicStore

/// Real files, and a loop device where the machine gives one.
@Suite(.serialized) struct FileDeviceTests {
    private static let deviceBytes: Int = 16 << 20
    private static let fileBytes: Int = 8 << 20

    @Test func `a new file has all its blocks at once, a sparse one has none`() throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let reserved = try FileDevice(path: folder.path("reserved"), byteCount: Self.fileBytes)
        let sparse = try FileDevice(path: folder.path("sparse"), byteCount: Self.fileBytes, space: .sparse)
        #expect(reserved.byteCount == Self.fileBytes && sparse.byteCount == Self.fileBytes)
        #expect(allocatedBytes(folder.path("reserved")) >= Self.fileBytes)
        #expect(allocatedBytes(folder.path("sparse")) < Self.fileBytes / 8)
        // A sparse copy of a volume gets its blocks when it is taken into use, and keeps its bytes.
        sparse.close()
        let copy = try FileDevice(path: folder.path("sparse"), byteCount: nil)
        let page = PageBuffer(byteCount: 4096)
        page.region.initializeMemory(as: UInt8.self, repeating: 9)
        try copy.write(at: 8192, from: UnsafeRawBufferPointer(page.region))
        try copy.reserve()
        #expect(allocatedBytes(folder.path("sparse")) >= Self.fileBytes)
        page.region.zero()
        try copy.read(at: 8192, into: page.region)
        #expect(page.region.allSatisfy { $0 == 9 })
        copy.close()
        reserved.close()
    }

    @Test func `a volume larger than the disk is refused and leaves nothing behind`() throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var configuration = StoreConfiguration()
        configuration.volumePath = folder.path("volume")
        configuration.volumeBytes = 1 << 46
        let error = #expect(throws: StoreError.self) { try CyclicStore.open(configuration) }
        #expect(error?.reason == .noSpace)
        #expect(allocatedBytes(folder.path("volume")) == 0)
    }

    @Test func `direct I/O reads nothing from the page cache and tells what it needs`() throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        guard let device = try directDevice(folder.path("file")) else { return }
        #expect(device.isDirect)
        #expect((512...4096).contains(device.alignment))
        let page = PageBuffer(byteCount: 4096)
        try device.write(at: 0, from: UnsafeRawBufferPointer(page.region))
        #expect(!device.readIfCached(at: 0, into: page.region))
        // The system refuses what is not aligned: the error arrives as one.
        let error = #expect(throws: DeviceError.self) { try device.read(at: 1, into: page.region.part(0, 512)) }
        #expect(error?.errno == EINVAL)
        device.close()
        let cached = try FileDevice(path: folder.path("file"), byteCount: nil)
        #expect(!cached.isDirect && cached.alignment == 1)
        try cached.read(at: 0, into: page.region)
        #expect(cached.readIfCached(at: 0, into: page.region))
        cached.close()
    }

    @Test func `a direct volume of an odd size can be made and opened again`() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var configuration = StoreConfiguration()
        configuration.volumePath = folder.path("volume")
        configuration.stripeBytes = 64 * 1024
        configuration.volumeBytes = 40 * 64 * 1024 + 777
        configuration.directIO = true
        for _ in 0..<2 {
            guard let store = try open(configuration) else { return }
            await store.close()
        }
    }

    @Test func `bytes past the end are an error, and so is a file that shrank`() throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let device = try FileDevice(path: folder.path("file"), byteCount: 1 << 20)
        let pages = PageBuffer(byteCount: 8192)
        truncate(folder.path("file"), 512 * 1024)
        let error = #expect(throws: DeviceError.self) { try device.read(at: 508 * 1024, into: pages.region) }
        #expect(error == DeviceError(.read, errno: 0, offset: 512 * 1024))
        device.close()
    }

    /// Needs root.
    @Test(.enabled(if: hasLoopDevice(), "no loop device on this machine"))
    func `a raw block device is a volume, by direct I/O, and is not shared`() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let image = folder.path("image")
        #expect(FileManager.default.createFile(atPath: image, contents: nil))
        truncate(image, Self.deviceBytes)
        guard let loop = shell("/usr/sbin/losetup", "--find", "--show", "--sector-size", "4096", image), loop.hasPrefix("/dev/loop") else {
            Issue.record("the loop device that was free cannot be had")
            return
        }
        defer { _ = shell("/usr/sbin/losetup", "--detach", loop) }
        var configuration = StoreConfiguration()
        configuration.volumePath = loop
        configuration.stripeBytes = 64 * 1024
        configuration.volumeBytes = 1 << 30
        configuration.memoryBytes = 0
        for round in 0..<2 {
            let store = try CyclicStore.open(configuration)
            let device = try #require(store.volumes.members.first?.volume.device as? FileDevice)
            #expect(device.isBlockDevice)
            #expect(device.isDirect)
            #expect(device.alignment == 4096)
            #expect(device.byteCount == Self.deviceBytes)
            let error = #expect(throws: StoreError.self) { try CyclicStore.open(configuration) }
            #expect(error?.reason == .inUse)
            let key = store.key(Array("key".utf8))
            if round == 0 {
                let body = SimulatedStore.body(1, version: 0, count: 9000)
                store.put(PlainObject(RecordImage(kind: .object, key: key, metadata: [], payload: .copy(of: body))))
            }
            await withCheckedContinuation { done in store.flush { done.resume() } }
            let lookup = await withCheckedContinuation { done in store.get(key) { done.resume(returning: $0) } }
            guard case .found(let object, .disk) = lookup, let plain = object as? PlainObject else {
                Issue.record("round \(round): \(lookup)")
                await store.close()
                continue
            }
            #expect(plain.withPayload { $0.elementsEqual(SimulatedStore.body(1, version: 0, count: 9000)) })
            await store.close()
        }
    }

    /// Nil where the file system has no direct I/O.
    private func directDevice(_ path: String) throws -> FileDevice? {
        do throws(DeviceError) {
            return try FileDevice(path: path, byteCount: 1 << 20, directIO: true)
        } catch {
            if error.operation == .directIO { return nil }
            throw error
        }
    }

    /// The same for a store.
    private func open(_ configuration: StoreConfiguration) throws -> CyclicStore? {
        do throws(StoreError) {
            return try CyclicStore.open(configuration)
        } catch {
            if error.description.contains("no direct I/O") { return nil }
            throw error
        }
    }

    private func allocatedBytes(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_blocks) * 512 : -1
    }
}

/// Whether a file can be attached as a block device.
private func hasLoopDevice() -> Bool {
    guard let folder = try? TestFolder() else { return false }
    defer { folder.remove() }
    let image = folder.path("image")
    guard FileManager.default.createFile(atPath: image, contents: Data(count: 1 << 20)),
        let loop = shell("/usr/sbin/losetup", "--find", "--show", "--sector-size", "4096", image)
    else { return false }
    return shell("/usr/sbin/losetup", "--detach", loop) != nil
}

private func shell(_ program: String, _ arguments: String...) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? text.trimmingCharacters(in: .whitespacesAndNewlines) : nil
}
