import CLinux

/// A buffer of a `BufferPool`: its class in the two top bits, its number below.
package struct BufferID: Equatable, Sendable, BitwiseCopyable {
    package var raw: UInt32

    @inline(always)
    package init(raw: UInt32) { self.raw = raw }

    package static let none = BufferID(raw: .max)
    @inline(always)
    package var isNone: Bool { raw == .max }
    @inline(always)
    fileprivate var isLarge: Bool { raw >> 31 == 1 }
    @inline(always)
    fileprivate var index: Int { Int(raw & 0x3FFF_FFFF) }

    /// It holds bytes that are not in memory, but where the world keeps them: they can be sent, once and in their order,
    /// and not be looked at.
    @inline(always)
    package var isPipe: Bool { raw >> 30 == 1 }

    /// For the world: which pipe it is, below `BufferPool.pipesMax`. Traps on others.
    @inline(always)
    package var pipeNumber: Int {
        precondition(isPipe)
        return index
    }
}

/// The byte buffers of one event loop: 32 KiB ones for what flows, 96 KiB ones for heads that outgrow them.
///
/// A buffer has one owner at a time: the pool, a connection or exchange, or an operation in the world. Nothing here
/// counts references; giving a buffer back twice traps.
@safe
package struct BufferPool: ~Copyable {
    package static let smallBytes = 32 * 1024
    /// The largest head (`Limits.headBytesMax`, 64 KiB) and what one more receive may bring behind it; also a rewritten
    /// head with what we add to it. A request whose authority, which is written twice, makes it longer is refused.
    package static let largeBytes = 96 * 1024
    /// Free in front of what was received, so that a head that is written anew, and gets a little longer, has a place
    /// before the body it came with.
    package static let headroom = 256
    /// One allocation of small buffers: 1 MiB.
    private static let smallsPerChunk = 32
    /// Buffers in a row would share the processor's cache lines if all began at the same place of a page, and at every
    /// fourth page: each has a page more than its bytes, and begins in one of sixteen places of its first.
    fileprivate static let pageBytes = 4096
    fileprivate static let placeBytes = 256

    /// Pipes at a time. Each is two descriptors; who finds none copies.
    package static let pipesMax = 64

    private var small: BufferClass
    private var large: BufferClass
    /// Numbers of pipes that nobody has, the next one in the lowest bit: the first are used again and again.
    private var freePipes = UInt64.max

    package init() {
        small = BufferClass(bytes: Self.smallBytes, perChunk: Self.smallsPerChunk)
        large = BufferClass(bytes: Self.largeBytes, perChunk: 1)
    }

    /// Buffers that are out, apart from those that were lent: 0 when everything is at rest.
    package var taken: Int { small.taken + large.taken + Self.pipesMax - freePipes.nonzeroBitCount - lent }

    /// Buffers that a world has for what may come.
    package private(set) var lent = 0

    /// Lends a buffer to a world, which has the kernel fill it, whosever bytes come next.
    @inline(always)
    package mutating func lend() -> BufferID {
        lent &+= 1
        return take()
    }

    /// A lent buffer has bytes for somebody, and is theirs from here on.
    @inline(always)
    package mutating func endLoan() {
        precondition(lent > 0)
        lent &-= 1
    }

    @inline(always)
    package mutating func take() -> BufferID { BufferID(raw: small.take()) }

    @inline(always)
    package mutating func takeLarge() -> BufferID { BufferID(raw: large.take() | 0x8000_0000) }

    /// `none` when all are in use.
    package mutating func takePipe() -> BufferID {
        guard freePipes != 0 else { return .none }
        let number = freePipes.trailingZeroBitCount
        freePipes &= freePipes - 1
        return BufferID(raw: UInt32(number) | 0x4000_0000)
    }

    @inline(always)
    package mutating func give(_ id: BufferID) {
        precondition(!id.isNone)
        if id.isLarge {
            large.give(UInt32(id.index))
        } else if id.isPipe {
            let bit: UInt64 = 1 << UInt64(id.index)
            precondition(freePipes & bit == 0)
            freePipes |= bit
        } else {
            small.give(id.raw)
        }
    }

    /// Gives memory that a peak has needed, and nobody since, back to the kernel: a little each time, so that nobody
    /// waits for it. The buffers stay, and get new pages when they are used again.
    ///
    /// For ten times a second.
    package mutating func trim() {
        small.trim()
        large.trim()
    }

    @inline(always)
    package func capacity(_ id: BufferID) -> Int {
        precondition(!id.isPipe)
        return id.isLarge ? Self.largeBytes : Self.smallBytes
    }

    /// The most that one receive puts into the buffer, behind its headroom.
    @inline(always)
    package func receiveCapacity(_ id: BufferID) -> Int { capacity(id) - Self.headroom }

    /// For the kernel's side only: where received bytes go.
    @unsafe
    @inline(always)
    package func receiveAddress(_ id: BufferID) -> UnsafeMutableRawPointer { unsafe address(id) + Self.headroom }

    /// The buffer's bytes from `start` to `end`, to read. Traps outside of the buffer.
    @inline(always)
    @_lifetime(borrow self)
    package func bytes(_ id: BufferID, _ start: Int, _ end: Int) -> RawSpan {
        precondition(start >= 0 && start <= end && end <= capacity(id))
        // SAFETY: the range is within the buffer, which lives as long as the pool.
        let span = unsafe RawSpan(_unsafeStart: address(id) + start, byteCount: end - start)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    @inline(always)
    @_lifetime(borrow self)
    package func bytes(_ slice: BufferSlice) -> RawSpan { bytes(slice.buffer, Int(slice.start), Int(slice.end)) }

    /// The buffer's memory from `start` on, to write. Not mutating, because two different buffers may be at work at
    /// once (decode from one into the other); a buffer's one owner is the one who may call this.
    @inline(always)
    @_lifetime(borrow self)
    package func room(_ id: BufferID, from start: Int = 0) -> OutputRawSpan {
        precondition(start >= 0 && start <= capacity(id))
        // SAFETY: as in `bytes`; the owner rule makes the access exclusive.
        let whole = unsafe UnsafeMutableRawBufferPointer(start: address(id) + start, count: capacity(id) - start)
        let span = unsafe OutputRawSpan(buffer: whole, initializedCount: 0)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Copies `slice` to `offset` of the buffer `target`, which may be the same one. Traps when it does not fit.
    package func copy(_ slice: BufferSlice, to target: BufferID, at offset: Int) {
        let count = Int(slice.count)
        precondition(Int(slice.end) <= capacity(slice.buffer) && slice.start <= slice.end)
        precondition(offset >= 0 && offset + count <= capacity(target))
        // SAFETY: both ranges were checked; memmove allows overlap.
        unsafe (address(target) + offset).copyMemory(from: address(slice.buffer) + Int(slice.start), byteCount: count)
    }

    /// For the kernel's side only.
    @unsafe
    @inline(always)
    package func address(_ id: BufferID) -> UnsafeMutableRawPointer {
        unsafe id.isLarge ? large.address(id.index) : small.address(id.index)
    }
}

extension BufferSlice {
    /// So many bytes that a receive has put into `buffer`.
    @inline(always)
    package init(received count: UInt32, in buffer: BufferID) {
        self.init(buffer, UInt32(BufferPool.headroom), UInt32(BufferPool.headroom) + count)
    }

    /// The bytes of `first` and `second`, of which either may have no buffer, in one; a small one where they fit. Both are
    /// given up.
    package static func joined(_ first: BufferSlice, _ second: BufferSlice, _ buffers: inout BufferPool) -> BufferSlice
    {
        if first.buffer.isNone { return second }
        if second.buffer.isNone { return first }
        if first.isEmpty {
            buffers.give(first.buffer)
            return second
        }
        let count = first.count + second.count
        var target = first.buffer
        if Int(first.end) + Int(second.count) <= buffers.capacity(target) {
            buffers.copy(second, to: target, at: Int(first.end))
            buffers.give(second.buffer)
            return BufferSlice(target, first.start, first.start + count)
        }
        if Int(count) > buffers.capacity(target) { target = buffers.takeLarge() }
        buffers.copy(first, to: target, at: 0)
        buffers.copy(second, to: target, at: Int(first.count))
        if target != first.buffer { buffers.give(first.buffer) }
        buffers.give(second.buffer)
        return BufferSlice(target, 0, count)
    }
}

/// Buffers of one size, allocated by the chunk.
@safe
private struct BufferClass: ~Copyable {
    let perChunk: Int
    /// From one buffer to the next; whole pages.
    let stride: Int
    private var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var chunkCount = 0
    private var chunkRoom = 8
    private var free: UnsafeMutablePointer<UInt32>
    private var isOut: UnsafeMutablePointer<Bool>
    private var freeCount = 0
    /// The least that was free since the last look: so many at the bottom of the stack, nobody has needed.
    private var leastFree = 0
    /// So many at the bottom of the stack are to have no memory, and so many have none.
    private var cold = 0
    private var trimmed = 0
    private var trims = 0
    var taken: Int { chunkCount * perChunk - freeCount }

    init(bytes: Int, perChunk: Int) {
        self.perChunk = perChunk
        stride = bytes + BufferPool.pageBytes
        unsafe chunks = .allocate(capacity: chunkRoom)
        unsafe free = .allocate(capacity: chunkRoom * perChunk)
        unsafe isOut = .allocate(capacity: chunkRoom * perChunk)
    }

    deinit {
        for index in 0..<chunkCount { unsafe clx_zeroed_free(chunks[index], stride * perChunk) }
        unsafe chunks.deallocate()
        unsafe free.deallocate()
        unsafe isOut.deallocate()
    }

    @inline(always)
    mutating func take() -> UInt32 {
        if freeCount == 0 { grow() }
        freeCount &-= 1
        if freeCount < leastFree { leastFree = freeCount }
        // SAFETY: freeCount is within the stack; its entries are numbers of existing buffers.
        let index = unsafe free[freeCount]
        unsafe isOut[Int(index)] = true
        return index
    }

    @inline(always)
    mutating func give(_ index: UInt32) {
        // SAFETY: the index is checked before it is used.
        unsafe precondition(Int(index) < chunkCount * perChunk && isOut[Int(index)])
        unsafe isOut[Int(index)] = false
        unsafe free[freeCount] = index
        freeCount &+= 1
    }

    @unsafe
    @inline(always)
    func address(_ index: Int) -> UnsafeMutableRawPointer {
        precondition(index < chunkCount &* perChunk)
        // SAFETY: the chunk exists by the check above, and the buffer is a page smaller than its stride.
        return unsafe pages(index) + (index & 15) &* BufferPool.placeBytes
    }

    @unsafe
    @inline(always)
    private func pages(_ index: Int) -> UnsafeMutableRawPointer {
        unsafe chunks[index / perChunk] + (index % perChunk) &* stride
    }

    /// Looks every fifth second what was needed since, and in between lets go of what was not.
    mutating func trim() {
        trims += 1
        if trims == Self.trimsPerLook {
            trims = 0
            cold = leastFree
            leastFree = freeCount
        }
        cold = min(cold, leastFree)
        trimmed = min(trimmed, leastFree)
        let end = min(cold, trimmed + Self.trimmedAtOnce)
        while trimmed < end {
            // SAFETY: a free buffer's whole pages, which nobody reads before they are written again.
            unsafe clx_forget(pages(Int(free[trimmed])), stride)
            trimmed += 1
        }
    }

    private static let trimsPerLook = 50
    private static let trimmedAtOnce = 64

    private mutating func grow() {
        if chunkCount == chunkRoom {
            // SAFETY: trivial elements move by copying; the old arrays are given up after.
            let newChunks = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: chunkRoom * 2)
            unsafe newChunks.moveInitialize(from: chunks, count: chunkCount)
            unsafe chunks.deallocate()
            unsafe chunks = newChunks
            let newFree = UnsafeMutablePointer<UInt32>.allocate(capacity: chunkRoom * 2 * perChunk)
            unsafe free.deallocate()
            unsafe free = newFree
            let newOut = UnsafeMutablePointer<Bool>.allocate(capacity: chunkRoom * 2 * perChunk)
            unsafe newOut.moveInitialize(from: isOut, count: chunkCount * perChunk)
            unsafe isOut.deallocate()
            unsafe isOut = newOut
            chunkRoom *= 2
        }
        // SAFETY: pages, aligned as such, which cost memory only once touched.
        unsafe chunks.advanced(by: chunkCount).initialize(to: clx_zeroed(stride * perChunk).unsafelyUnwrapped)
        let first = chunkCount * perChunk
        chunkCount += 1
        for index in (0..<perChunk).reversed() {
            unsafe free[freeCount] = UInt32(first + index)
            unsafe isOut.advanced(by: first + index).initialize(to: false)
            freeCount += 1
        }
    }
}
