import Glibc
import HTTPWire
import Testing

@testable import Proxy

/// The contract of `Operation`, on the kernel's own sockets.
@Suite(.serialized) struct LinuxWorldTests {
    // MARK: receiving

    @Test func eachReceiveBringsBytesOnce() throws {
        let bench = try RealBench()
        let pair = Pair()
        bench.submit(.receive(pair.ours), 1)
        bench.expectSilence()
        pair.say("one")
        #expect(bench.next() == "1 received one")
        pair.say("two")
        bench.expectSilence()
        bench.submit(.receive(pair.ours), 2)
        #expect(bench.next() == "2 received two")
        bench.submit(.receive(pair.ours), 3)
        pair.hang()
        #expect(bench.next() == "3 ended")
        bench.expectSilence()
        bench.submit(.close(pair.ours), 0)
        bench.expectSilence()
        #expect(bench.buffers.taken == 0)
    }

    @Test func anEndThatCameWithTheLastBytesIsMet() throws {
        let bench = try RealBench()
        for isPending in [true, false] {
            let pair = Pair()
            if isPending {
                bench.submit(.receive(pair.ours), 1)
                bench.expectSilence()
            }
            pair.say("bye")
            pair.hang()
            if !isPending { bench.submit(.receive(pair.ours), 1) }
            #expect(bench.next() == "1 received bye")
            bench.expectSilence()
            bench.submit(.receive(pair.ours), 2)
            #expect(bench.next() == "2 ended")
            bench.submit(.close(pair.ours), 0)
        }
    }

    @Test func whatFillsManyBuffersComesWithoutAnotherEdge() throws {
        let bench = try RealBench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        let client = listener.connect()
        #expect(bench.next() == "0 accepted")
        speak(client, String(repeating: "x", count: 3 * BufferPool.smallBytes + 7))
        bench.reap(waiting: 1_000_000)
        var left = 3 * BufferPool.smallBytes + 7
        while left > 0 {
            bench.submit(.receive(bench.accepted), 1)
            bench.reap(until: 1)
            guard case .received(let buffer, let count)? = bench.completions.first?.outcome else { break }
            #expect(count <= BufferPool.smallBytes)
            left -= Int(count)
            #expect(
                bench.next() == "1 received \(count > 100 ? "\(count)" : String(repeating: "x", count: Int(count)))"
            )
            _ = buffer
        }
        #expect(left == 0)
        bench.submit(.receive(bench.accepted), 2)
        bench.expectSilence()
        close(client)
        #expect(bench.next() == "2 ended")
        #expect(bench.buffers.taken == 0)
        bench.submit(.close(bench.accepted), 0)
        bench.submit(.close(listener.socket), 0)
    }

    @Test func aResetFailsTheReceive() throws {
        let bench = try RealBench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        for isPending in [true, false] {
            let client = listener.connect()
            #expect(bench.next() == "0 accepted")
            if isPending {
                bench.submit(.receive(bench.accepted), 1)
                bench.expectSilence()
            }
            reset(client)
            if !isPending {
                bench.expectSilence()
                bench.submit(.receive(bench.accepted), 1)
            }
            #expect(bench.next() == "1 failed reset")
            bench.submit(.close(bench.accepted), 0)
        }
        bench.submit(.close(listener.socket), 0)
        #expect(bench.buffers.taken == 0)
    }

    @Test func aHalfClosedPeerIsStillSentTo() throws {
        let bench = try RealBench()
        let pair = Pair()
        bench.submit(.receive(pair.ours), 1)
        shutdown(pair.theirs, Int32(SHUT_WR))
        #expect(bench.next() == "1 ended")
        let slice = bench.buffers.filled(Array("late".utf8))
        bench.submit(.send(pair.ours, slice, more: false), 2)
        #expect(bench.next() == "2 sent 4")
        bench.submit(.shutdown(pair.ours), 0)
        #expect(hear(pair.theirs, 100) == Array("late".utf8))
        bench.buffers.give(slice.buffer)
        bench.submit(.close(pair.ours), 0)
        pair.hang()
    }

    // MARK: sending

    @Test func aFullSocketHoldsTheSendUntilItIsRead() throws {
        let bench = try RealBench()
        let pair = Pair(sendBytes: 4096)
        let bytes = (0..<16_384).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let slice = bench.buffers.filled(bytes)
        var sent: UInt32 = 0
        var held = false
        // Fills it, and leaves one send waiting.
        while !held {
            bench.submit(.send(pair.ours, BufferSlice(slice.buffer, sent % 16_384, 16_384), more: false), 1)
            bench.reap()
            if case .sent(let count)? = bench.completions.first?.outcome {
                sent += count
                _ = bench.next()
            } else {
                held = true
            }
        }
        bench.expectSilence()
        // The other direction is free meanwhile.
        pair.say("hello")
        bench.submit(.receive(pair.ours), 2)
        #expect(bench.next() == "2 received hello")
        bench.expectSilence()
        var heard = hear(pair.theirs, Int(sent))
        #expect(heard.count == Int(sent))
        #expect(bench.next().hasPrefix("1 sent "))
        let already = heard.count
        shutdown(pair.ours.raw, Int32(SHUT_WR))
        heard += hear(pair.theirs, .max)
        #expect(heard.count > already)
        for (index, byte) in heard.enumerated() where byte != bytes[index % 16_384] {
            Issue.record("byte \(index) is not itself")
            break
        }
        bench.buffers.give(slice.buffer)
        bench.submit(.close(pair.ours), 0)
        pair.hang()
        #expect(bench.buffers.taken == 0)
    }

    @Test func aSendToNobodyFails() throws {
        let bench = try RealBench()
        let pair = Pair()
        pair.hang()
        let slice = bench.buffers.filled([1])
        bench.submit(.send(pair.ours, slice, more: false), 1)
        #expect(bench.next() == "1 failed reset")
        bench.expectSilence()
        bench.submit(.close(pair.ours), 0)
        bench.buffers.give(slice.buffer)
    }

    // MARK: connecting

    @Test func aConnectSucceedsOrSaysWhyNot() throws {
        let bench = try RealBench()
        let listener = LoopbackListener()
        let one = try bench.world.open(listener.endpoint)
        bench.submit(.connect(one, listener.endpoint), 1)
        #expect(bench.next() == "1 connected")
        #expect(bench.world.peer(of: one) == listener.endpoint)
        bench.submit(.close(one), 0)
        bench.submit(.close(listener.socket), 0)
        // Nobody listens there any more.
        let two = try bench.world.open(listener.endpoint)
        bench.submit(.connect(two, listener.endpoint), 2)
        #expect(bench.next() == "2 failed refused")
        bench.submit(.close(two), 0)
        bench.expectSilence()
        let path = SocketPaths.endpoint("/nonexistent/lb-test.sock")
        let three = try bench.world.open(path)
        bench.submit(.connect(three, path), 3)
        #expect(bench.next() == "3 failed noSuchPath")
        bench.submit(.close(three), 0)
        bench.expectSilence()
    }

    @Test func aNewConnectionMaySendAndReceiveAtOnce() throws {
        let bench = try RealBench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        let ours = try bench.world.open(listener.endpoint)
        bench.submit(.connect(ours, listener.endpoint), 1)
        #expect(bench.nextSorted(2) == ["0 accepted", "1 connected"])
        let slice = bench.buffers.filled(Array("ping".utf8))
        bench.submit(.receive(ours), 2)
        bench.submit(.send(ours, slice, more: false), 3)
        bench.submit(.receive(bench.accepted), 4)
        #expect(bench.nextSorted(2) == ["3 sent 4", "4 received ping"])
        bench.submit(.send(bench.accepted, slice, more: false), 5)
        #expect(bench.nextSorted(2) == ["2 received ping", "5 sent 4"])
        bench.buffers.give(slice.buffer)
        for socket in [ours, bench.accepted, listener.socket] { bench.submit(.close(socket), 0) }
        bench.expectSilence()
        #expect(bench.buffers.taken == 0)
    }

    // MARK: closing

    @Test func aCloseCancelsWhatIsPendingEachOnce() throws {
        let bench = try RealBench()
        let pair = Pair(sendBytes: 4096)
        let slice = bench.buffers.filled([UInt8](repeating: 1, count: 16_384))
        bench.submit(.receive(pair.ours), 1)
        var isFull = false
        while !isFull {
            bench.submit(.send(pair.ours, slice, more: false), 2)
            bench.reap()
            isFull = bench.completions.isEmpty
            if !isFull { _ = bench.next() }
        }
        bench.submit(.close(pair.ours), 0)
        #expect(bench.nextSorted(2) == ["1 cancelled", "2 cancelled"])
        bench.expectSilence()
        bench.buffers.give(slice.buffer)
        pair.hang()

        // A backlog that is full leaves a connect on its way.
        let listener = LoopbackListener(backlog: 0)
        let others = (0..<4).map { _ in listener.connect(blocking: false) }
        let ours = try bench.world.open(listener.endpoint)
        bench.submit(.connect(ours, listener.endpoint), 3)
        bench.expectSilence()
        bench.submit(.close(ours), 0)
        #expect(bench.next() == "3 cancelled")
        bench.expectSilence()
        for other in others { close(other) }
        bench.submit(.close(listener.socket), 0)
        #expect(bench.buffers.taken == 0)
    }

    /// The kernel gives a closed descriptor's number to the next socket: what was known of the one says nothing of the other.
    @Test func aNumberUsedAgainHasNothingOfItsPast() throws {
        let bench = try RealBench()
        var reused = 0
        for round in 0..<50 as Range<UInt32> {
            let first = Pair()
            bench.submit(.receive(first.ours), 1000 + round)
            first.say("old")
            first.hang()
            if round % 2 == 0 {
                // Its bytes and its end are known, and not asked for.
                #expect(bench.next() == "\(1000 + round) received old")
                bench.reap()
            }
            bench.submit(.close(first.ours), 0)
            let second = Pair()
            if second.ours == first.ours { reused += 1 }
            bench.submit(.receive(second.ours), 2000 + round)
            if round % 2 == 1 { #expect(bench.next() == "\(1000 + round) cancelled") }
            bench.expectSilence()
            second.say("new")
            #expect(bench.next() == "\(2000 + round) received new")
            bench.submit(.close(second.ours), 0)
            second.hang()
        }
        // The lowest free number is used first, unless another test takes it just then.
        #expect(reused > 10)
        #expect(bench.buffers.taken == 0)
    }

    // MARK: accepting

    @Test func aStoppedListenerKeepsWhoComesInTheBacklog() throws {
        let bench = try RealBench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 1, .accept)
        var clients = [listener.connect()]
        #expect(bench.next() == "1 accepted")
        bench.submit(.close(bench.accepted), 0)
        bench.submit(.acceptStop(listener.socket), 0)
        clients += [listener.connect(), listener.connect()]
        bench.expectSilence()
        bench.submit(.accept(listener.socket), 2, .accept)
        for _ in 0..<2 {
            #expect(bench.next() == "2 accepted")
            #expect(bench.world.peer(of: bench.accepted).family == .ipv4)
            bench.submit(.close(bench.accepted), 0)
        }
        bench.submit(.acceptStop(listener.socket), 0)
        bench.submit(.acceptStop(listener.socket), 0)
        bench.submit(.close(listener.socket), 0)
        bench.expectSilence()
        for client in clients { close(client) }
    }

    @Test func aConnectStormIsTakenInWhole() throws {
        let bench = try RealBench()
        let listener = LoopbackListener(backlog: 256)
        let clients = (0..<200).map { _ in listener.connect() }
        bench.submit(.accept(listener.socket), 1, .accept)
        for _ in clients {
            #expect(bench.next() == "1 accepted")
            bench.submit(.close(bench.accepted), 0)
        }
        bench.submit(.close(listener.socket), 0)
        bench.expectSilence()
        for client in clients { close(client) }
    }

    // MARK: the loop

    @Test func aWakeEndsTheWait() throws {
        let bench = try RealBench()
        bench.waker.wake()
        bench.waker.wake()
        #expect(bench.next() == "woken")
        bench.expectSilence()
        bench.waker.wake()
        #expect(bench.next() == "woken")
    }

    @Test func anEmptyReapReturnsAtItsDeadlineAndNotBefore() throws {
        let bench = try RealBench()
        let start = bench.world.now
        bench.reap(waiting: 30_000_000)
        #expect(bench.completions.isEmpty)
        #expect(bench.world.now.since(start) >= 30_000_000)
        let before = bench.world.now
        bench.reap()
        #expect(bench.world.now >= before)
    }

    @Test func aSmallBatchIsFilledInOrderUntilAllHaveCome() throws {
        let bench = try RealBench()
        let pairs = (0..<20).map { _ in Pair() }
        let slice = bench.buffers.filled([1])
        for (index, pair) in pairs.enumerated() { bench.submit(.send(pair.ours, slice, more: false), UInt32(index)) }
        for _ in 0..<20 where bench.completions.count < 20 {
            let before = bench.completions.count
            bench.reap(capacity: 3)
            #expect(bench.completions.count - before <= 3)
        }
        #expect(bench.completions.map(\.token.slot) == (0..<20).map { $0 })
        for pair in pairs {
            bench.submit(.close(pair.ours), 0)
            pair.hang()
        }
        bench.buffers.give(slice.buffer)
    }

    @Test func ourOwnSendsDoNotStarveWhatComes() throws {
        let bench = try RealBench()
        let (busy, other) = (Pair(), Pair())
        busy.hang()
        let slice = bench.buffers.filled([1])
        bench.submit(.receive(other.ours), 2)
        bench.expectSilence()
        other.say("hello")
        bench.submit(.send(busy.ours, slice, more: false), 1)
        var turns = 0
        while turns < 10 {
            turns += 1
            if bench.next() == "2 received hello" { break }
            bench.submit(.send(busy.ours, slice, more: false), 1)
        }
        #expect(turns < 10)
        bench.buffers.give(slice.buffer)
        bench.submit(.close(busy.ours), 0)
        bench.submit(.close(other.ours), 0)
        other.hang()
    }

    /// As long as more completes than a batch takes, the queue is never empty, and must not keep what it has handed out.
    @Test func aLoopThatIsNeverIdleHoldsNoMoreThanIsUnderWay() throws {
        let waker = try Waker()
        var engine = try EpollEngine(wakeup: waker.descriptor)
        var buffers = BufferPool()
        let pairs = (0..<64).map { _ in Pair() }
        let slice = buffers.filled([1])
        for (index, pair) in pairs.enumerated() {
            pair.hang()
            engine.submit(
                .send(pair.ours, slice, more: false),
                Token(.upstreamSend, slot: UInt32(index), generation: 0),
                buffers: buffers
            )
        }
        var most = 0
        for _ in 0..<3000 {
            var batch = CompletionBatch(capacity: 16)
            engine.reap(into: &batch, timeoutNs: 0, buffers: &buffers)
            for index in 0..<batch.count {
                let token = batch[index].token
                engine.submit(.send(pairs[Int(token.slot)].ours, slice, more: false), token, buffers: buffers)
            }
            most = max(most, engine.queued)
        }
        #expect(most < 10_000)
        for pair in pairs { engine.submit(.close(pair.ours), .none, buffers: buffers) }
        close(waker.descriptor)
    }

    @Test func randomBitsDiffer() throws {
        let bench = try RealBench()
        let drawn = Set((0..<1000).map { _ in bench.world.entropy() })
        #expect(drawn.count == 1000)
        #expect(bench.world.wallClock > 1_700_000_000_000_000_000)
    }
}
