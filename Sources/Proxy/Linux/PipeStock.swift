import CLinux

/// The pipes behind a pool's pipe buffers: bytes that are only passed on go from socket to pipe to socket within the
/// kernel, by splice(2), and are never copied.
///
/// Everything here is done at once; who waits for readiness is the engine.
@safe
struct PipeStock: ~Copyable {
    enum Receipt {
        case received(BufferID, count: UInt32)
        case ended
        /// Nothing there yet.
        case notYet
        case failed(IOFault)
        /// No pipe can be had, or none that takes from this kind of socket: copy instead.
        case useless
    }

    private struct Pipe {
        var input: Int32 = -1
        var output: Int32 = -1
        /// Bytes in it.
        var level: UInt32 = 0
    }

    /// By the buffer's number.
    private let pipes: UnsafeMutablePointer<Pipe>
    /// How much goes into one at most: what a new pipe holds, and what a direction may hold of a body.
    private static let pipeBytes: UInt32 = 64 * 1024

    init() {
        // SAFETY: trivial elements, initialised here; every access is by a number that the pool gave.
        unsafe pipes = .allocate(capacity: BufferPool.pipesMax)
        unsafe pipes.initialize(repeating: Pipe(), count: BufferPool.pipesMax)
    }

    deinit {
        for number in 0..<BufferPool.pipesMax { close(number) }
        unsafe pipes.deallocate()
    }

    /// At most `most` bytes of the socket, in a pipe.
    mutating func receive(_ fd: Int32, atMost most: UInt32, _ buffers: inout BufferPool) -> Receipt {
        let buffer = buffers.takePipe()
        guard !buffer.isNone else { return .useless }
        let number = buffer.pipeNumber
        guard open(number) else {
            buffers.give(buffer)
            return .useless
        }
        let got = unsafe clx_splice(fd, pipes[number].input, Int(min(most, Self.pipeBytes)), false)
        guard got <= 0 else {
            unsafe pipes[number].level = UInt32(got)
            return .received(buffer, count: UInt32(got))
        }
        buffers.give(buffer)
        switch got {
        case 0: return .ended
        case CLX_AGAIN: return .notYet
        case CLX_INVALID, CLX_NO_SUCH_SYSTEM_CALL: return .useless
        default: return .failed(IOFault(Int32(got)))
        }
    }

    /// Sends some of what the slice's pipe holds. A count, or a negated errno.
    mutating func send(_ fd: Int32, _ slice: BufferSlice, more: Bool) -> Int {
        let number = slice.buffer.pipeNumber
        unsafe precondition(slice.count <= pipes[number].level, "a pipe holds what was received, and is sent once")
        let sent = unsafe clx_splice(pipes[number].output, fd, Int(slice.count), more)
        if sent > 0 { unsafe pipes[number].level -= UInt32(sent) }
        return sent
    }

    /// An empty pipe of this number. One that was given up with bytes in it makes way for a new one.
    private mutating func open(_ number: Int) -> Bool {
        // SAFETY: the number is the pool's; so below.
        if unsafe pipes[number].level > 0 { close(number) }
        guard unsafe pipes[number].input < 0 else { return true }
        var input: Int32 = -1
        var output: Int32 = -1
        guard unsafe clx_pipe(&input, &output) == 0 else { return false }
        unsafe pipes[number] = Pipe(input: input, output: output)
        return true
    }

    private func close(_ number: Int) {
        guard unsafe pipes[number].input >= 0 else { return }
        _ = unsafe clx_close(pipes[number].input)
        _ = unsafe clx_close(pipes[number].output)
        unsafe pipes[number] = Pipe()
    }
}
