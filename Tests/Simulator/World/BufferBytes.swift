import Proxy

/// The one place of the simulator that touches a buffer pool's memory as memory.
enum BufferBytes {
    static func copy(_ slice: BufferSlice, from buffers: borrowing BufferPool) -> [UInt8] {
        let span = buffers.bytes(slice)
        // SAFETY: the array copies the span's bytes before the borrow ends.
        return unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    static func write(_ bytes: [UInt8], to buffer: BufferID, at offset: Int = 0, of buffers: borrowing BufferPool) {
        var room = buffers.room(buffer, from: offset)
        precondition(bytes.count <= room.freeCapacity)
        // SAFETY: the source was checked to fit, and the two memories are distinct.
        unsafe room.withUnsafeMutableBytes { target, count in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(from: source)
            }
            count += bytes.count
        }
    }

    private static let rubbish = [UInt8](repeating: 0xDD, count: BufferPool.smallBytes)

    /// Writes over the buffers that were given back last, so that whoever still uses one shows.
    static func spoil(_ buffers: inout BufferPool) {
        let taken = (0..<3).map { _ in buffers.take() }
        for buffer in taken.reversed() {
            write(rubbish, to: buffer, of: buffers)
            buffers.give(buffer)
        }
    }

    /// A fingerprint of some bytes: of all of a short run, of a spread sample of a long one.
    static func sample(_ bytes: [UInt8]) -> UInt64 {
        var value = UInt64(bytes.count)
        let stride = max(1, bytes.count / 256)
        var index = 0
        while index < bytes.count {
            value = mix(value ^ UInt64(bytes[index]))
            index += stride
        }
        return value
    }
}
