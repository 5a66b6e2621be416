// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

private let inputOutputError: Int32 = 5
private let noSpaceLeft: Int32 = 28

extension SimulatedDevice.State {
    /// - Returns: The error, if there is one.
    mutating func read(at offset: Int, into region: UnsafeMutableRawBufferPointer, _ power: SimulatedPower?) -> DeviceError? {
        counts.begin(.read, offset, region.count)
        if power?.take() == false || failsAll { return fail(.dead, .read, offset) }
        guard offset >= 0, offset + region.count <= byteCount else { return DeviceError(.read, errno: 0, offset: offset) }
        decay()
        if random.happens(faults.readError) { return fail(.readError, .read, offset) }
        if random.happens(faults.shortRead) {
            counts.add(.shortRead)
            let count = region.isEmpty ? 0 : Int(random.next() % UInt64(region.count))
            medium.read(at: offset, into: region.part(0, count))
            return DeviceError(.read, errno: 0, offset: offset + count)
        }
        var source = offset
        if random.happens(faults.misdirectedRead) {
            counts.add(.misdirectedRead)
            source = elsewhere(offset, region.count)
        }
        medium.read(at: source, into: region)
        if !region.isEmpty, random.happens(faults.bitFlip) {
            counts.add(.readFlip)
            let bit = random.next()
            region[Int(bit % UInt64(region.count))] ^= 1 << UInt8(bit >> 61)
        }
        return nil
    }

    /// - Returns: The error, if there is one.
    mutating func write(at offset: Int, from region: UnsafeRawBufferPointer, _ power: SimulatedPower?) -> DeviceError? {
        counts.begin(.write, offset, region.count)
        let inside = offset >= 0 && offset + region.count <= byteCount
        if let power, !power.take() {
            if power.isLastGasp, inside {
                counts.add(.tornWrite)
                medium.tear(at: offset, from: region, &random)
            }
            return fail(.dead, .write, offset)
        }
        if failsAll { return fail(.dead, .write, offset) }
        guard inside else { return DeviceError(.write, errno: 0, offset: offset) }
        decay()
        if random.happens(faults.noSpace) { return fail(.noSpace, .write, offset, errno: noSpaceLeft) }
        if random.happens(faults.writeError) {
            medium.tear(at: offset, from: region, &random)
            return fail(.writeError, .write, offset)
        }
        counts.bytesWritten += region.count
        if random.happens(faults.lostWrite) {
            counts.add(.lostWrite)
            return nil
        }
        var target = offset
        if random.happens(faults.misdirectedWrite) {
            counts.add(.misdirectedWrite)
            target = elsewhere(offset, region.count)
        }
        medium.write(at: target, from: region, &random)
        if !region.isEmpty, random.happens(faults.writeFlip) {
            counts.add(.writeFlip)
            let bit = random.next()
            medium.flip(at: target + Int(bit % UInt64(region.count)), bit: UInt8(bit >> 61))
        }
        return nil
    }

    /// A failed sync may have lost some of what was written before, for good and without another word, as Linux does: the error is told
    /// once, the pages count as clean and are dropped.
    mutating func sync(_ power: SimulatedPower?) -> DeviceError? {
        counts.begin(.sync, 0, 0)
        if power?.take() == false || failsAll { return fail(.dead, .sync, 0) }
        if owesSyncError || loseUnsynced() {
            owesSyncError = false
            return fail(.syncError, .sync, 0)
        }
        medium.sync()
        return nil
    }

    /// The system writes its cache back of its own accord; what it cannot write it forgets, and says so at the next sync.
    mutating func writeBack() -> Bool {
        if failsAll { return false }
        if loseUnsynced() {
            owesSyncError = true
            return false
        }
        medium.sync()
        return true
    }

    private mutating func loseUnsynced() -> Bool {
        guard random.happens(faults.syncError) else { return false }
        counts.add(.unsyncedLost, medium.crash(.mixed, &random))
        return true
    }

    private mutating func fail(
        _ fault: SimulatedDevice.Fault,
        _ operation: DeviceError.Operation,
        _ offset: Int,
        errno: Int32 = inputOutputError
    ) -> DeviceError {
        counts.add(fault)
        return DeviceError(operation, errno: errno, offset: offset)
    }

    /// Flips a bit at rest, now and then.
    private mutating func decay() {
        guard random.happens(faults.bitRot), byteCount > 0 else { return }
        counts.add(.bitRot)
        let bit = random.next()
        medium.flip(at: Int(bit % UInt64(byteCount)), bit: UInt8(bit >> 61))
    }

    /// Another place for a transfer of this length: any sector, or, more spiteful, the same place of another 64 KiB.
    private mutating func elsewhere(_ offset: Int, _ count: Int) -> Int {
        let unit = random.next() & 1 == 0 ? SimulatedMedium.sectorBytes : SimulatedMedium.pageBytes
        let places = (byteCount - count - offset % unit) / unit
        guard places > 0 else { return offset }
        return offset % unit + Int(random.next() % UInt64(places)) * unit
    }
}
