import Glibc
import HTTPWire
import Testing

@testable import Proxy

@Suite struct BufferPoolTests {
    @Test func buffersAreDistinctAndComeBack() {
        var pool = BufferPool()
        var random = SplitMix(3)
        var out: [(id: BufferID, mark: UInt8)] = []
        for step in 0..<4000 {
            if out.count < 400, Bool.random(using: &random) || out.isEmpty {
                let isLarge = step % 16 == 0
                let id = isLarge ? pool.takeLarge() : pool.take()
                #expect(pool.capacity(id) == (isLarge ? BufferPool.largeBytes : BufferPool.smallBytes))
                #expect(!out.contains { $0.id == id })
                let mark = UInt8(truncatingIfNeeded: step)
                var room = pool.room(id)
                for _ in 0..<8 { room.append(mark) }
                var end = pool.room(id, from: pool.capacity(id) - 1)
                end.append(mark)
                #expect(end.freeCapacity == 0)
                out.append((id, mark))
            } else {
                let (id, mark) = out.remove(at: Int.random(in: 0..<out.count, using: &random))
                #expect(pool.array(BufferSlice(id, 0, 8)) == [UInt8](repeating: mark, count: 8))
                let last = UInt32(pool.capacity(id))
                #expect(pool.array(BufferSlice(id, last - 1, last)) == [mark])
                pool.give(id)
            }
            #expect(pool.taken == out.count)
        }
        for (id, _) in out { pool.give(id) }
        #expect(pool.taken == 0)
    }

    @Test(arguments: [0, 1, 10, 16_383, 16_384, 16_385, 32_768], [1, 100, 16_384, 32_768])
    func joinedSlicesKeepTheirBytesAndOneBuffer(_ first: Int, _ second: Int) {
        var pool = BufferPool()
        let a = (0..<first).map { UInt8(truncatingIfNeeded: $0) }
        let b = (0..<second).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let joined = BufferSlice.joined(pool.filled(a), pool.filled(b), &pool)
        #expect(pool.array(joined) == a + b)
        #expect(pool.taken == 1)
        #expect(
            pool.capacity(joined.buffer) == (first + second > 32_768 ? BufferPool.largeBytes : BufferPool.smallBytes)
        )
        pool.give(joined.buffer)
    }

    @Test func joiningMovesARestToTheFrontWhereThatMakesItFit() {
        var pool = BufferPool()
        var first = pool.filled([UInt8](repeating: 1, count: 32_000))
        first.start = 31_000
        let joined = BufferSlice.joined(first, pool.filled([UInt8](repeating: 2, count: 10_000)), &pool)
        #expect(pool.array(joined) == [UInt8](repeating: 1, count: 1000) + [UInt8](repeating: 2, count: 10_000))
        #expect(pool.capacity(joined.buffer) == BufferPool.smallBytes)
        pool.give(joined.buffer)
        #expect(pool.taken == 0)
    }

    @Test func nothingJoinedWithSomethingIsTheLatter() {
        var pool = BufferPool()
        let only = pool.filled([1, 2, 3])
        #expect(BufferSlice.joined(.none, only, &pool) == only)
        pool.give(only.buffer)
        #expect(pool.taken == 0)
    }

    @Test func aCopyMayOverlapItself() {
        var pool = BufferPool()
        let slice = pool.filled([1, 2, 3, 4, 5])
        pool.copy(BufferSlice(slice.buffer, 0, 4), to: slice.buffer, at: 1)
        #expect(pool.array(slice) == [1, 1, 2, 3, 4])
        pool.give(slice.buffer)
    }

    @Test func aBufferGivenTwiceEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var pool = BufferPool()
            let id = pool.take()
            pool.give(id)
            pool.give(id)
        }
    }

    @Test func bytesOutsideOfABufferEndTheProcess() async {
        await #expect(processExitsWith: .failure) {
            var pool = BufferPool()
            let id = pool.take()
            _ = pool.bytes(id, 0, BufferPool.smallBytes + 1).byteCount
        }
    }

    // MARK: after a peak

    /// How many pages of a buffer are in memory. mincore(2).
    private func residentPages(_ id: BufferID, _ pool: borrowing BufferPool) -> Int {
        let first = UInt(bitPattern: pool.address(id)) & ~4095
        var flags = [UInt8](repeating: 0, count: BufferPool.smallBytes / 4096)
        precondition(mincore(UnsafeMutableRawPointer(bitPattern: first)!, BufferPool.smallBytes, &flags) == 0)
        return flags.count { $0 & 1 == 1 }
    }

    @Test func memoryOfAPeakGoesBackAndWhatIsInUseStays() {
        var pool = BufferPool()
        let bytes = [UInt8](repeating: 7, count: BufferPool.smallBytes)
        let out = (0..<500).map { _ in pool.filled(bytes) }
        #expect(out.allSatisfy { residentPages($0.buffer, pool) == 8 })
        let kept = out.enumerated().filter { $0.offset % 100 == 0 }.map(\.element)
        for slice in out where !kept.contains(slice) { pool.give(slice.buffer) }

        // The peak lies within the time since the last look, so one look takes nothing away.
        for _ in 0..<50 { pool.trim() }
        #expect(out.allSatisfy { residentPages($0.buffer, pool) == 8 })

        // Some go on being used, which does not keep the others.
        for _ in 0..<100 {
            let busy = [pool.take(), pool.take()]
            for id in busy { pool.give(id) }
            pool.trim()
        }
        let resident = out.filter { !kept.contains($0) && residentPages($0.buffer, pool) > 0 }
        #expect(resident.count <= 4)
        for slice in kept { #expect(pool.array(slice) == bytes) }

        // And all can be used again.
        let again = (0..<495).map { _ in pool.filled(bytes) }
        for slice in again { #expect(pool.array(slice) == bytes) }
        for slice in again + kept { pool.give(slice.buffer) }
        #expect(pool.taken == 0)
    }

    @Test func lentBuffersAreNotTaken() {
        var pool = BufferPool()
        let lent = [pool.lend(), pool.lend()]
        #expect(pool.taken == 0)
        pool.endLoan()
        pool.endLoan()
        #expect(pool.taken == 2)
        for id in lent { pool.give(id) }
        #expect(pool.taken == 0)
    }

    // MARK: pipes

    @Test func thereAreSoManyPipesAndNoMore() {
        var pool = BufferPool()
        let pipes = (0..<BufferPool.pipesMax).map { _ in pool.takePipe() }
        #expect(pipes.allSatisfy { $0.isPipe && !$0.isNone })
        #expect(pipes.map(\.pipeNumber) == Array(0..<BufferPool.pipesMax))
        #expect(pool.takePipe().isNone)
        #expect(pool.taken == BufferPool.pipesMax)
        pool.give(pipes[5])
        #expect(pool.takePipe() == pipes[5])
        for id in pipes { pool.give(id) }
        #expect(pool.taken == 0)
        #expect(!pool.take().isPipe && !pool.takeLarge().isPipe && !BufferID.none.isPipe)
    }

    @Test func thereIsNothingToSeeInAPipe() async {
        await #expect(processExitsWith: .failure) {
            var pool = BufferPool()
            _ = pool.bytes(pool.takePipe(), 0, 1).byteCount
        }
        await #expect(processExitsWith: .failure) {
            var pool = BufferPool()
            let id = pool.takePipe()
            pool.give(id)
            pool.give(id)
        }
    }
}
