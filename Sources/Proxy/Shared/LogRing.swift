import Synchronization

/// Access log lines on their way from one worker to the log thread: a byte ring with one writer and one reader.
///
/// A full ring drops the line; the worker never waits. `head` is the writer's, `tail` the reader's; each publishes with
/// release and reads the other's with acquire, which is what makes the bytes between them visible.
@safe
package final class LogRing: @unchecked Sendable {
    private let bytes: ZeroedTable<UInt8>
    package let capacity: Int
    private let head = Atomic<Int>(0)
    private let tail = Atomic<Int>(0)

    /// The longest line: 64 KiB of target could be in it, so the line's parts are cut to fit.
    package static let lineBytesMax = 4096

    /// - Parameter capacity: a power of two, bytes.
    package init(capacity: Int = 1 << 20) {
        precondition(capacity > 2 * Self.lineBytesMax && capacity & (capacity - 1) == 0)
        self.capacity = capacity
        bytes = ZeroedTable(count: capacity)
    }

    /// Writer: hands `fill` room for one line and publishes what it appended; false when the ring is full.
    @inline(always)
    package func append(_ fill: (inout OutputRawSpan) -> Void) -> Bool {
        let start = head.load(ordering: .relaxed)
        let end = tail.load(ordering: .acquiring)
        var offset = start & (capacity - 1)
        var skip = 0
        // A line does not wrap: the rest of the ring is skipped, and the reader knows it by its zeros.
        if capacity - offset < Self.lineBytesMax {
            skip = capacity - offset
            offset = 0
        }
        guard start + skip + Self.lineBytesMax - end <= capacity else { return false }
        // SAFETY: the range is inside the ring, and the reader does not touch it before `head` is published.
        let base = unsafe UnsafeMutableRawPointer(bytes.view.address)
        if skip > 0 {
            unsafe (base + (start & (capacity - 1))).initializeMemory(as: UInt8.self, repeating: 0, count: skip)
        }
        let room = unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: Self.lineBytesMax)
        var span = unsafe OutputRawSpan(buffer: room, initializedCount: 0)
        fill(&span)
        let count = unsafe span.finalize(for: room)
        head.store(start + skip + count, ordering: .releasing)
        return true
    }

    /// Reader: passes what is there, in at most two pieces, to `write`, and frees it. Zeros are padding between lines.
    package func drain(_ write: (UnsafeRawBufferPointer) -> Void) -> Bool {
        let start = tail.load(ordering: .relaxed)
        let end = head.load(ordering: .acquiring)
        guard end > start else { return false }
        // SAFETY: the table lives as long as the ring.
        let base = unsafe UnsafeMutableRawPointer(bytes.view.address)
        var at = start
        while at < end {
            let offset = at & (capacity - 1)
            let count = min(end - at, capacity - offset)
            // SAFETY: between tail and head, inside the ring.
            let piece = unsafe UnsafeRawBufferPointer(start: base + offset, count: count)
            let text = offset + count < capacity ? count : unsafe Self.textBytes(of: piece)
            if text > 0 { unsafe write(UnsafeRawBufferPointer(rebasing: piece[..<text])) }
            at += count
        }
        tail.store(end, ordering: .releasing)
        return true
    }

    /// How much comes before the padding, of a piece that ends where the ring does.
    private static func textBytes(of piece: UnsafeRawBufferPointer) -> Int {
        // There is less padding than the longest line.
        let tail = max(0, piece.count - lineBytesMax)
        return unsafe piece[tail...].firstIndex(of: 0) ?? piece.count
    }

    package var isEmpty: Bool { tail.load(ordering: .relaxed) == head.load(ordering: .relaxed) }
}
