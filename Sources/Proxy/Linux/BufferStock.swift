import CLinux

/// Buffers that the kernel has in store for a ring's receives: it takes one when there are bytes to put into it, so a
/// connection that waits has none. IORING_REGISTER_PBUF_RING.
///
/// As many are in store as lately were used up in a turn: a receive that finds none says so and is asked for again, and
/// the stock doubles. A small stock goes round in the processor's cache.
@safe
struct BufferStock: ~Copyable {
    /// The number that receives ask for it by.
    let group: UInt16
    private let entries: UnsafeMutablePointer<clx_provided_buffer>
    /// By the number that the kernel knows a buffer by.
    private let lent: UnsafeMutablePointer<BufferID>
    private let freeNumbers: UnsafeMutablePointer<UInt16>
    private var freeCount = BufferStock.capacity
    private var tail: UInt16 = 0
    private var wanted: Int
    private var usedInTurn = 0
    private var usedMost = 0
    private var turns = 0

    /// The kernel's ring; a power of two.
    private static let capacity = 512
    private static let least = 32
    /// Turns between two looks at whether there is too much in store.
    private static let period = 4096

    init(group: UInt16) {
        self.group = group
        wanted = Self.least
        // SAFETY: zeroed pages are valid entries, and page-aligned as the kernel wants them; the other two are
        // initialised here. All live until `deinit`.
        let memory = unsafe clx_zeroed(Self.capacity * MemoryLayout<clx_provided_buffer>.stride).unsafelyUnwrapped
        unsafe entries = memory.assumingMemoryBound(to: clx_provided_buffer.self)
        unsafe lent = .allocate(capacity: Self.capacity)
        unsafe lent.initialize(repeating: .none, count: Self.capacity)
        unsafe freeNumbers = .allocate(capacity: Self.capacity)
        for number in 0..<Self.capacity { unsafe freeNumbers.advanced(by: number).initialize(to: UInt16(number)) }
    }

    deinit {
        unsafe clx_zeroed_free(entries, Self.capacity * MemoryLayout<clx_provided_buffer>.stride)
        unsafe lent.deallocate()
        unsafe freeNumbers.deallocate()
    }

    /// Makes the stock known to the ring, which must end before it. 0 or a negated errno.
    func register(with ring: borrowing Uring) -> Int32 {
        // SAFETY: the memory lives as long as the stock.
        unsafe ring.provide(entries, count: UInt32(Self.capacity), group: group)
    }

    /// Fills up what was used. Once a turn.
    mutating func fill(_ buffers: inout BufferPool) {
        adapt()
        guard stored < wanted else { return }
        while stored < wanted {
            freeCount -= 1
            // SAFETY: freeCount is within the stack, whose entries are numbers below `capacity`; the buffer stays where
            // it is and is lent until the kernel gives it back.
            let number = unsafe freeNumbers[freeCount]
            let buffer = buffers.lend()
            unsafe lent[Int(number)] = buffer
            let at = Int(tail) & (Self.capacity - 1)
            unsafe entries[at].address = UInt64(UInt(bitPattern: buffers.receiveAddress(buffer)))
            unsafe entries[at].length = UInt32(buffers.receiveCapacity(buffer))
            unsafe entries[at].number = number
            tail &+= 1
        }
        // SAFETY: the first entry's last field is the ring's tail.
        unsafe clx_store_release16(&entries[0].tail, tail)
    }

    /// The buffer that a completion names; it is whoever's receive that was from here on.
    @inline(always)
    mutating func take(_ completion: clx_completion, _ buffers: inout BufferPool) -> BufferID {
        let number = Int(completion.flags >> 16)
        // SAFETY: checked to be in range, and to be lent.
        precondition(number < Self.capacity)
        let buffer = unsafe lent[number]
        precondition(!buffer.isNone)
        unsafe lent[number] = .none
        unsafe freeNumbers[freeCount] = UInt16(number)
        freeCount += 1
        usedInTurn += 1
        buffers.endLoan()
        return buffer
    }

    /// A receive found nothing in store.
    mutating func starved() {
        wanted = min(wanted * 2, Self.capacity)
    }

    private var stored: Int { Self.capacity - freeCount }

    private mutating func adapt() {
        usedMost = max(usedMost, usedInTurn)
        usedInTurn = 0
        turns += 1
        guard turns == Self.period else { return }
        if usedMost * 4 < wanted { wanted = max(Self.least, wanted / 2) }
        turns = 0
        usedMost = 0
    }
}
