import CLinux
import Glibc
import HTTPWire
import Model
import Testing

@testable import Proxy

/// The contract of `Operation`, on the kernel's own sockets, whichever engine asks for them.
@Suite(.serialized) struct LinuxWorldTests {
    // MARK: receiving

    @Test(arguments: EngineUnderTest.allowed)
    func eachReceiveBringsBytesOnce(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func anEndThatCameWithTheLastBytesIsMet(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func whatFillsManyBuffersComesWithoutAnotherEdge(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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
            #expect(count <= BufferPool.smallBytes - BufferPool.headroom)
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

    @Test(arguments: EngineUnderTest.allowed)
    func aResetFailsTheReceive(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func aHalfClosedPeerIsStillSentTo(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func aFullSocketHoldsTheSendUntilItIsRead(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func aSendToNobodyFails(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func aConnectSucceedsOrSaysWhyNot(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        let one = try bench.open(listener.endpoint)
        bench.submit(.connect(one, listener.endpoint), 1)
        #expect(bench.next() == "1 connected")
        #expect(bench.peer(of: one) == listener.endpoint)
        bench.submit(.close(one), 0)
        bench.submit(.close(listener.socket), 0)
        bench.expectSilence()
        // Nobody listens there any more.
        let two = try bench.open(listener.endpoint)
        bench.submit(.connect(two, listener.endpoint), 2)
        #expect(bench.next() == "2 failed refused")
        bench.submit(.close(two), 0)
        bench.expectSilence()
        let path = SocketPaths.endpoint("/nonexistent/lb-test.sock")
        let three = try bench.open(path)
        bench.submit(.connect(three, path), 3)
        #expect(bench.next() == "3 failed noSuchPath")
        bench.submit(.close(three), 0)
        bench.expectSilence()
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aNewConnectionMaySendAndReceiveAtOnce(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        let ours = try bench.open(listener.endpoint)
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

    // MARK: passing on

    @Test(arguments: EngineUnderTest.allowed)
    func bytesThatAreOnlyPassedOnGoThroughAPipeAndNoMoreThanWasAskedFor(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        let source = bench.connection(to: listener)
        let target = bench.connection(to: listener)
        let text = String((0..<60_000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
        bench.submit(.receive(source.ours, passing: 50_000), 1)
        bench.expectSilence()
        source.say(text)
        var heard: [UInt8] = []
        while heard.count < 50_000 {
            #expect(bench.next().hasPrefix("1 piped "))
            var slice = bench.piped
            #expect(heard.count + Int(slice.count) <= 50_000)
            while !slice.isEmpty {
                bench.submit(.send(target.ours, slice, more: false), 2)
                bench.reap(until: 1)
                guard case .sent(let count)? = bench.completions.first?.outcome else { break }
                _ = bench.next()
                slice.start += count
                heard += hear(target.theirs, Int(count))
            }
            bench.buffers.give(slice.buffer)
            if heard.count < 50_000 {
                bench.submit(.receive(source.ours, passing: UInt32(50_000 - heard.count)), 1)
            }
        }
        // What is behind them is there to be looked at.
        bench.submit(.receive(source.ours), 3)
        #expect(bench.next() == "3 received 10000")
        bench.submit(.receive(source.ours, passing: 1000), 4)
        bench.expectSilence()
        source.hang()
        #expect(bench.next() == "4 ended")
        #expect(heard == Array(text.utf8.prefix(50_000)))
        #expect(bench.buffers.taken == 0)
        for socket in [source.ours, target.ours, listener.socket] { bench.submit(.close(socket), 0) }
        bench.expectSilence()
        target.hang()
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aPipeThatWasGivenUpLeavesNothingToTheNext(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 0)
        let source = bench.connection(to: listener)
        let target = bench.connection(to: listener)
        // Nobody reads: a send waits for room in the end.
        var isFull = false
        let much = String(repeating: "x", count: 50_000)
        for _ in 0..<1000 where !isFull {
            source.say(much)
            bench.submit(.receive(source.ours, passing: .max), 1)
            #expect(bench.next().hasPrefix("1 piped "))
            var slice = bench.piped
            while !isFull, !slice.isEmpty {
                bench.submit(.send(target.ours, slice, more: false), 2)
                bench.reap()
                bench.reap(waiting: 20_000_000)
                if case .sent(let count)? = bench.completions.first?.outcome {
                    slice.start += count
                    _ = bench.next()
                } else {
                    isFull = true
                }
            }
            if !isFull { bench.buffers.give(slice.buffer) }
        }
        #expect(isFull)
        let held = bench.piped.buffer
        bench.submit(.receive(source.ours, passing: 10), 3)
        while case .received? = {
            bench.reap(waiting: 20_000_000)
            return bench.completions.first?.outcome
        }() {
            _ = bench.next()
            bench.buffers.give(bench.piped.buffer)
            bench.submit(.receive(source.ours, passing: .max), 3)
        }
        for socket in [source.ours, target.ours] { bench.submit(.close(socket), 0) }
        #expect(bench.nextSorted(2) == ["2 cancelled", "3 cancelled"])
        bench.buffers.give(held)
        source.hang()
        target.hang()

        let next = bench.connection(to: listener)
        next.say("new")
        bench.submit(.receive(next.ours, passing: .max), 4)
        #expect(bench.next() == "4 piped 3")
        #expect(bench.piped.buffer == held)
        bench.submit(.send(next.ours, bench.piped, more: false), 5)
        #expect(bench.next() == "5 sent 3")
        #expect(hear(next.theirs, 3) == Array("new".utf8))
        bench.buffers.give(held)

        // With no pipe to be had, bytes come as they do otherwise.
        let all = (0..<BufferPool.pipesMax).map { _ in bench.buffers.takePipe() }
        next.say("more")
        bench.submit(.receive(next.ours, passing: .max), 6)
        #expect(bench.next() == "6 received more")
        for pipe in all { bench.buffers.give(pipe) }

        // A peer that is gone is an error, and not the end of the process.
        next.say("last")
        bench.submit(.receive(next.ours, passing: .max), 7)
        #expect(bench.next() == "7 piped 4")
        next.hang()
        bench.submit(.receive(next.ours), 8)
        #expect(bench.next() == "8 ended")
        var outcomes: Set<String> = []
        for _ in 0..<3 where !bench.piped.isEmpty {
            bench.submit(.send(next.ours, BufferSlice(held, 0, 1), more: false), 9)
            outcomes.insert(bench.next())
            bench.reap(waiting: 20_000_000)
        }
        #expect(outcomes.contains { $0.hasPrefix("9 failed") })
        bench.buffers.give(held)
        for socket in [next.ours, listener.socket] { bench.submit(.close(socket), 0) }
        bench.expectSilence()
        #expect(bench.buffers.taken == 0)
    }

    // MARK: closing

    @Test(arguments: EngineUnderTest.allowed)
    func aCloseCancelsWhatIsPendingEachOnce(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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
        let ours = try bench.open(listener.endpoint)
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
    @Test(arguments: EngineUnderTest.allowed)
    func aNumberUsedAgainHasNothingOfItsPast(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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
            // A ring closes when it is handed over.
            if round % 2 == 0 { bench.reap() }
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

    /// The peer must not wait for an operation of ours that nobody wants any more.
    @Test(arguments: EngineUnderTest.allowed)
    func aClosedSocketEndsForItsPeerThoughAReceiveWasPending(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let pair = Pair()
        bench.submit(.receive(pair.ours), 1)
        bench.expectSilence()
        bench.submit(.close(pair.ours), 0)
        #expect(bench.next() == "1 cancelled")
        bench.expectSilence()
        #expect(hear(pair.theirs, 1).isEmpty)
        pair.hang()
        #expect(bench.buffers.taken == 0)
    }

    /// Bytes that come as the socket is closed are nobody's, and their buffer goes back.
    @Test(arguments: EngineUnderTest.allowed)
    func bytesThatMeetACloseAreDroppedWithTheirBuffer(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        for _ in 0..<100 {
            let pair = Pair()
            bench.submit(.receive(pair.ours), 1)
            bench.reap()
            pair.say("late")
            bench.submit(.close(pair.ours), 0)
            #expect(bench.next() == "1 cancelled")
            pair.hang()
        }
        bench.expectSilence()
        #expect(bench.buffers.taken == 0)
    }

    // MARK: accepting

    @Test(arguments: EngineUnderTest.allowed)
    func aClosedListenerBringsEverybodyInWhoWaits(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 1, .accept)
        bench.expectSilence()
        let clients = (0..<20).map { _ in listener.connect() }
        bench.submit(.close(listener.socket), 0)
        for _ in clients {
            #expect(bench.next() == "1 accepted")
            bench.submit(.close(bench.accepted), 0)
        }
        bench.expectSilence()
        for client in clients { close(client) }
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aListenerThatIsStoppedAndArmedAtOnceGoesOn(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let listener = LoopbackListener()
        bench.submit(.accept(listener.socket), 1, .accept)
        bench.expectSilence()
        for round in 2..<12 as Range<UInt32> {
            bench.submit(.acceptStop(listener.socket), 0)
            bench.submit(.accept(listener.socket), round, .accept)
            let client = listener.connect()
            #expect(bench.next() == "\(round) accepted")
            bench.submit(.close(bench.accepted), 0)
            close(client)
        }
        bench.expectSilence()
        bench.submit(.close(listener.socket), 0)
        bench.expectSilence()
    }

    @Test(arguments: EngineUnderTest.allowed)
    func anAcceptedConnectionSendsWithoutDelay(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let bound = try BoundListener(.loopback(port: 0), workers: 1)
        bound.listen()
        let socket = bound.sockets[0]
        bench.submit(.accept(socket), 1, .accept)
        guard case .network(_, let port) = bound.address.place else { return }
        let client = try bench.open(.ipv4(0x7F00_0001, port: port))
        bench.submit(.connect(client, .ipv4(0x7F00_0001, port: port)), 2)
        #expect(bench.nextSorted(2) == ["1 accepted", "2 connected"])
        for end in [client, bench.accepted] {
            var isOn: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(end.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, &length)
            #expect(isOn == 1)
            bench.submit(.close(end), 0)
        }
        bench.submit(.close(socket), 0)
        bench.expectSilence()
    }

    /// As that of a process that was killed a moment ago, which the kernel has not put away yet.
    @Test func aPortThatComesFreeIsWaitedFor() throws {
        let holder = LoopbackListener()
        let wanted = ListenAddress.loopback(port: holder.endpoint.port)
        #expect(throws: BoundListener.Refusal.self) { _ = try BoundListener(wanted, workers: 2) }
        var waits = 0
        let bound = try BoundListener(wanted, workers: 2, patienceNs: 60_000_000_000) { address in
            #expect(address == wanted)
            waits += 1
            close(holder.descriptor)
        }
        #expect(waits == 1)
        #expect(bound.address == wanted && bound.sockets.count == 2)
        for socket in bound.sockets { close(socket.raw) }
    }

    @Test func aUnixPathThatComesFreeIsWaitedFor() throws {
        let path = "/tmp/lb-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let wanted = ListenAddress(place: .unix(path: path))
        let first = try BoundListener(wanted, workers: 1)
        first.listen()
        // Nobody hands it over: it is as that of a process that is gone.
        if let meeting = first.meeting { close(meeting) }
        var waits = 0
        let second = try BoundListener(wanted, workers: 1, patienceNs: 60_000_000_000) { _ in
            waits += 1
            close(first.sockets[0].raw)
        }
        #expect(waits == 1)
        for socket in second.sockets { close(socket.raw) }
        if let meeting = second.meeting { close(meeting) }
    }

    @Test func aPortThatStaysTakenIsRefusedWhenTheTimeIsOver() throws {
        let holder = LoopbackListener()
        defer { close(holder.descriptor) }
        var waits = 0
        let refusal = #expect(throws: BoundListener.Refusal.self) {
            let wanted = ListenAddress.loopback(port: holder.endpoint.port)
            _ = try BoundListener(wanted, workers: 1, patienceNs: 20_000_000) { _ in waits += 1 }
        }
        #expect(refusal?.reason == .inUse)
        #expect(waits == 1)
    }

    /// connect(2) has one word for it and for a machine without ports, and it is the backend that does not accept.
    @Test(arguments: EngineUnderTest.allowed)
    func aUnixBackendThatAcceptsNobodyIsNotTakenForWantOfPorts(engine: EngineUnderTest) throws {
        let path = "/tmp/lb-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let endpoint = SocketPaths.endpoint(path)
        let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isListening = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 && listen(listener, 0) == 0
            }
        }
        #expect(isListening)
        let bench = try engine.bench()
        var outcomes: [String] = []
        for slot in 1...3 {
            let socket = try bench.open(endpoint)
            bench.submit(.connect(socket, endpoint), UInt32(slot))
            outcomes.append(bench.next())
            bench.submit(.close(socket), 0)
        }
        #expect(outcomes.first == "1 connected")
        #expect(outcomes.last == "3 failed acceptQueueFull")
        #expect(!IOFault.acceptQueueFull.isOurOwn)
        bench.expectSilence()
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aStoppedListenerKeepsWhoComesInTheBacklog(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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
            #expect(bench.peer(of: bench.accepted).family == .ipv4)
            bench.submit(.close(bench.accepted), 0)
        }
        bench.submit(.acceptStop(listener.socket), 0)
        bench.submit(.acceptStop(listener.socket), 0)
        bench.submit(.close(listener.socket), 0)
        bench.expectSilence()
        for client in clients { close(client) }
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aConnectStormIsTakenInWhole(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func aWakeEndsTheWait(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        bench.waker.wake()
        bench.waker.wake()
        #expect(bench.next() == "woken")
        bench.expectSilence()
        bench.waker.wake()
        #expect(bench.next() == "woken")
    }

    @Test(arguments: EngineUnderTest.allowed)
    func anEmptyReapReturnsAtItsDeadlineAndNotBefore(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let start = bench.now
        var waits = 0
        // A signal that another test's process sends may end a wait; one that does not wait would turn thousands of times.
        while bench.now.since(start) < 30_000_000 {
            bench.reap(waiting: 30_000_000 - bench.now.since(start))
            waits += 1
        }
        #expect(waits < 10)
        #expect(bench.completions.isEmpty)
        let before = bench.now
        bench.reap()
        #expect(bench.now >= before)
    }

    @Test(arguments: EngineUnderTest.allowed)
    func aSmallBatchIsFilledInOrderUntilAllHaveCome(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    @Test(arguments: EngineUnderTest.allowed)
    func ourOwnSendsDoNotStarveWhatComes(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
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

    /// More than a ring has room for, and more than the kernel has buffers in store for, in one turn.
    @Test(arguments: EngineUnderTest.allowed)
    func aTurnThatAsksForVeryMuchGetsAllOfIt(engine: EngineUnderTest) throws {
        _ = clx_raise_descriptor_limit()
        let bench = try engine.bench()
        let pairs = (0..<400).map { _ in Pair() }
        let slice = bench.buffers.filled(Array("pong".utf8))
        for round in 0..<3 {
            for (index, pair) in pairs.enumerated() {
                bench.submit(.receive(pair.ours), UInt32(index))
                bench.submit(.send(pair.ours, slice, more: false), UInt32(index + 1000))
                pair.say("ping")
            }
            let came = bench.nextSorted(800)
            #expect(came.count { $0.hasSuffix(" received ping") } == 400, "round \(round)")
            #expect(came.count { $0.hasSuffix(" sent 4") } == 400, "round \(round)")
            for pair in pairs { #expect(hear(pair.theirs, 4) == Array("pong".utf8)) }
        }
        bench.buffers.give(slice.buffer)
        #expect(bench.buffers.taken == 0)
        for pair in pairs {
            bench.submit(.close(pair.ours), 0)
            pair.hang()
        }
        bench.expectSilence()
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

    @Test(arguments: EngineUnderTest.allowed)
    func randomBitsDiffer(engine: EngineUnderTest) throws {
        let bench = try engine.bench()
        let drawn = Set((0..<1000).map { _ in bench.entropy() })
        #expect(drawn.count == 1000)
        #expect(bench.wallClock > 1_700_000_000_000_000_000)
    }
}
