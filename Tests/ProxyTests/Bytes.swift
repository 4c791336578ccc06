import HTTPWire

@testable import Proxy

extension BufferPool {
    /// A buffer of the pool that holds `bytes` from `start` on.
    mutating func filled(_ bytes: some Collection<UInt8>, from start: Int = 0) -> BufferSlice {
        let buffer = start + bytes.count > Self.smallBytes ? takeLarge() : take()
        var out = room(buffer, from: start)
        for byte in bytes { out.append(byte) }
        return BufferSlice(buffer, UInt32(start), UInt32(start + bytes.count))
    }

    func array(_ slice: BufferSlice) -> [UInt8] {
        let span = bytes(slice)
        return (0..<span.byteCount).map { span.byte($0) }
    }
}

/// What `write` writes, as text.
func written(room: Int = 128 * 1024, _ write: (inout OutputRawSpan) -> Void) -> String {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
    defer { memory.deallocate() }
    var out = OutputRawSpan(buffer: memory, initializedCount: 0)
    write(&out)
    let count = out.finalize(for: memory)
    return String(decoding: UnsafeRawBufferPointer(memory)[..<count], as: UTF8.self)
}

/// A seeded source of test cases: the same every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
