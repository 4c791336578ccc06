/// Deadlines of numbered things, on a hierarchical wheel: four levels of 64 buckets, the finest 4.2 ms wide.
///
/// Lazy: almost every deadline of a proxy is moved later or dropped before it comes. Moving one later costs nothing here
/// (the entry fires at its old time and its owner puts it back at the true one), so a busy connection touches the wheel
/// once per idle time, not once per request. What fires is therefore a question to the owner, not a verdict.
@safe
package struct TimerWheel: ~Copyable {
    private struct Entry {
        var next: UInt32
        var previous: UInt32
        /// `.max` when not on the wheel.
        var bucket: UInt16
        var tick: UInt64
    }

    private static let levels = 4
    /// 2^22 ns.
    private static let tickShift: UInt64 = 22
    private static let nobody = UInt32.max
    private static let noBucket = UInt16.max
    private static let dueBucket = UInt16(levels * 64)

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity: Int
    /// First entry of each bucket; the last one holds what was already due when it was scheduled.
    private var heads: UnsafeMutablePointer<UInt32>
    /// One bit per bucket that is not empty, a word per level.
    private var occupied = [4 of UInt64](repeating: 0)
    private var current: UInt64

    package init(now: Instant) {
        capacity = 256
        current = now.nanoseconds >> Self.tickShift
        // SAFETY: entries are initialised here and in `reserve`; buckets here.
        unsafe entries = .allocate(capacity: capacity)
        unsafe entries.initialize(repeating: Entry(next: .max, previous: .max, bucket: .max, tick: 0), count: capacity)
        unsafe heads = .allocate(capacity: Self.levels * 64 + 1)
        unsafe heads.initialize(repeating: Self.nobody, count: Self.levels * 64 + 1)
    }

    deinit {
        unsafe entries.deallocate()
        unsafe heads.deallocate()
    }

    /// Makes sure that `id` fires no later than `deadline` (rounded up to the tick). An earlier entry stays as it is.
    @inline(always)
    package mutating func schedule(_ id: UInt32, at deadline: Instant) {
        guard deadline != .never else { return }
        reserve(id)
        let tick = (deadline.nanoseconds >> Self.tickShift) + 1
        // SAFETY: `reserve` has made room for the id; so for every id below.
        if unsafe entries[Int(id)].bucket != Self.noBucket {
            if unsafe entries[Int(id)].tick <= tick { return }
            unlink(id)
        }
        link(id, tick)
    }

    package mutating func cancel(_ id: UInt32) {
        guard Int(id) < capacity, unsafe entries[Int(id)].bucket != Self.noBucket else { return }
        unlink(id)
    }

    /// The next id whose time has come, taken off the wheel; nil when there is none left at `now`.
    package mutating func expire(_ now: Instant) -> UInt32? {
        let target = now.nanoseconds >> Self.tickShift
        while true {
            let due = unsafe heads[Int(Self.dueBucket)]
            if due != Self.nobody {
                unlink(due)
                return due
            }
            guard current < target else { return nil }
            advance(to: target)
        }
    }

    /// When to look again at the latest: at or before the first entry's time.
    package var next: Instant {
        if unsafe heads[Int(Self.dueBucket)] != Self.nobody { return Instant(nanoseconds: 0) }
        var best = UInt64.max
        for level in 0..<Self.levels {
            let bits = occupied[level]
            guard bits != 0 else { continue }
            let shift = UInt64(6 * level)
            let position = current >> shift
            // Rotated so that bit 0 is the bucket after the present one.
            let start = (position + 1) & 63
            let rotated = start == 0 ? bits : bits >> start | bits << (64 - start)
            best = min(best, (position + 1 + UInt64(rotated.trailingZeroBitCount)) << shift)
        }
        // What is due at the very end of the clock would be shifted out of the word.
        return best > UInt64.max >> Self.tickShift ? .never : Instant(nanoseconds: best << Self.tickShift)
    }

    /// One step: to the next tick of the finest level, or over a stretch in which nothing can be due, moving what it meets
    /// to where it belongs. A clock that jumps ahead by years costs no more steps than there are entries on its way, nearly.
    private mutating func advance(to target: UInt64) {
        if occupied[0] == 0 {
            // Nothing before the next turn of the first level that has something.
            guard let level = (1..<Self.levels).first(where: { occupied[$0] != 0 }) else {
                current = target
                return
            }
            let turn = (current | (1 << UInt64(6 * level) - 1)) + 1
            current = min(turn, target)
            if current != turn { return }
        } else {
            current += 1
        }
        if current & 63 == 0 {
            for level in 1..<Self.levels {
                let index = (current >> UInt64(6 * level)) & 63
                spill(UInt16(level * 64) + UInt16(index))
                if index != 0 { break }
            }
        }
        spill(UInt16(current & 63))
    }

    /// Re-links everything of a bucket by its own tick.
    private mutating func spill(_ bucket: UInt16) {
        var id = unsafe heads[Int(bucket)]
        while id != Self.nobody {
            let following = unsafe entries[Int(id)].next
            let tick = unsafe entries[Int(id)].tick
            unlink(id)
            link(id, tick)
            id = following
        }
    }

    private mutating func link(_ id: UInt32, _ tick: UInt64) {
        var bucket = Self.dueBucket
        if tick > current {
            let distance = tick - current
            let level = distance < 64 ? 0 : distance < 4096 ? 1 : distance < 262_144 ? 2 : 3
            // The coarsest level reaches 19 hours; later entries wait at its end and are put back from there.
            let reach = min(tick, current + (1 << 24) - 1)
            bucket = UInt16(level * 64) + UInt16((reach >> UInt64(6 * level)) & 63)
            occupied[level] |= 1 << UInt64(bucket & 63)
        }
        let first = unsafe heads[Int(bucket)]
        unsafe entries[Int(id)] = Entry(next: first, previous: Self.nobody, bucket: bucket, tick: tick)
        if first != Self.nobody { unsafe entries[Int(first)].previous = id }
        unsafe heads[Int(bucket)] = id
    }

    private mutating func unlink(_ id: UInt32) {
        let entry = unsafe entries[Int(id)]
        if entry.previous == Self.nobody {
            unsafe heads[Int(entry.bucket)] = entry.next
            if entry.next == Self.nobody, entry.bucket != Self.dueBucket {
                occupied[Int(entry.bucket >> 6)] &= ~(1 << UInt64(entry.bucket & 63))
            }
        } else {
            unsafe entries[Int(entry.previous)].next = entry.next
        }
        if entry.next != Self.nobody { unsafe entries[Int(entry.next)].previous = entry.previous }
        unsafe entries[Int(id)].bucket = Self.noBucket
    }

    private mutating func reserve(_ id: UInt32) {
        guard Int(id) >= capacity else { return }
        let larger = max(capacity * 2, Int(id) + 1)
        // SAFETY: trivial elements move by copying; the rest is initialised.
        let grown = UnsafeMutablePointer<Entry>.allocate(capacity: larger)
        unsafe grown.moveInitialize(from: entries, count: capacity)
        unsafe grown.advanced(by: capacity).initialize(
            repeating: Entry(next: .max, previous: .max, bucket: .max, tick: 0),
            count: larger - capacity
        )
        unsafe entries.deallocate()
        unsafe entries = grown
        capacity = larger
    }
}
