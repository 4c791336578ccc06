import HTTPWire
import Model
import Proxy

/// Something to measure: `run` does it so many times.
struct Work: Sendable {
    let name: String
    /// How often in one round.
    let count: Int
    let run: @Sendable (Int) -> Void
}

/// What is measured, in the order of a request's way.
let works: [Work] =
    [
        headParse(name: "head-parse-curl", curl),
        headParse(name: "head-parse-browser", browser),
        headRewrite(name: "head-rewrite-curl", curl),
        headRewrite(name: "head-rewrite-browser", browser),
        responseParse,
        responseRewrite,
        chunkDecode,
        chunkWrite,
    ]
    + Algorithm.allCases.flatMap { [pick($0, backends: 3), pick($0, backends: 5000)] }
    + [timerSchedule, timerFire, histogram]

/// Keeps a result from being optimised away.
@inline(never)
func keep<T>(_ value: T) {}

private let curl = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
private let browser =
    "GET /assets/app/main.js?v=20260101 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n"
    + "sec-ch-ua: \"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n"
    + "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"
    + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36\r\n"
    + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    + "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
    + "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    + "Cookie: session=3f8a1c2e9b7d4f60; theme=dark; consent=yes\r\n\r\n"

private func headParse(name: String, _ text: String) -> Work {
    let bytes = Array(text.utf8)
    return Work(name: name, count: 100_000) { count in
        var head = RequestHead()
        for _ in 0..<count {
            var parser = H1HeadParser()
            keep(try! parser.parseRequest(bytes.rawBytes, into: &head))
        }
    }
}

/// A request's head written as a backend gets it.
private func headRewrite(name: String, _ text: String) -> Work {
    let bytes = Array(text.utf8)
    return Work(name: name, count: 100_000) { count in
        var head = RequestHead()
        var parser = H1HeadParser()
        _ = try! parser.parseRequest(bytes.rawBytes, into: &head)
        var buffers = BufferPool()
        let buffer = buffers.take()
        for _ in 0..<count {
            var out = buffers.room(buffer)
            Forwarding.writeRequest(
                head,
                of: bytes.rawBytes,
                origin: Forwarding.Origin(peer: .ipv4(0x0A00_0001, port: 4711)),
                requestID: (1, 2),
                asksForUpgrade: false,
                into: &out
            )
            keep(out.byteCount)
        }
        buffers.give(buffer)
    }
}

private let origin = Array(
    ("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nServer: origin\r\nContent-Type: text/html\r\n"
        + "Content-Length: 100\r\nCache-Control: max-age=60\r\nETag: \"abc\"\r\n\r\n").utf8
)

/// An answer's head written as the client gets it.
private let responseRewrite = Work(name: "head-rewrite-response", count: 100_000) { count in
    var head = ResponseHead()
    var parser = H1HeadParser()
    _ = try! parser.parseResponse(origin.rawBytes, into: &head)
    var buffers = BufferPool()
    let buffer = buffers.take()
    let date = DateText()
    for _ in 0..<count {
        var out = buffers.room(buffer)
        Forwarding.writeAnswer(
            head,
            of: origin.rawBytes,
            framing: .length(100),
            announcedLength: 100,
            keepsClient: true,
            clientMinorVersion: 1,
            date: date,
            into: &out
        )
        keep(out.byteCount)
    }
    buffers.give(buffer)
}

private let responseParse = Work(name: "head-parse-response", count: 100_000) { count in
    var head = ResponseHead()
    for _ in 0..<count {
        var parser = H1HeadParser()
        keep(try! parser.parseResponse(origin.rawBytes, into: &head))
    }
}

/// 16 KiB of content in chunks of 1 KiB; once through all of it counts as one.
private let chunkDecode: Work = {
    let chunk = Array("400\r\n".utf8) + [UInt8](repeating: 0x78, count: 1024) + Array("\r\n".utf8)
    let bytes = (0..<16).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
    return Work(name: "chunk-decode-16k", count: 20_000) { count in
        var trailers = FieldTable()
        for _ in 0..<count {
            var decoder = H1BodyDecoder(.chunked)
            var at = 0
            while !decoder.isComplete {
                switch try! decoder.next(bytes.rawBytes, from: at, trailers: &trailers) {
                case .data(_, let next), .end(let next): at = next
                case .needMore(let consumed): at = consumed
                }
            }
            keep(at)
        }
    }
}()

/// A received 16 KiB framed as chunks into a buffer of its own.
private let chunkWrite = Work(name: "chunk-frame-16k", count: 20_000) { count in
    var buffers = BufferPool()
    var trailers = FieldTable()
    var pump = Pump(.untilClose, framedAs: .chunked)
    for _ in 0..<count {
        pump.supply(BufferSlice(buffers.take(), 0, UInt32(BufferPool.smallBytes)), &buffers)
        while case .send(let slice, _) = pump.step(&buffers, trailers: &trailers) { pump.sent(slice.count, &buffers) }
    }
    _ = pump.retire(&buffers)
}

/// Backends that all serve, of the same weight and with nothing in flight; a key of its own for each pick.
private func pick(_ algorithm: Algorithm, backends: Int) -> Work {
    let field = PickField(algorithm, backends: backends)
    return Work(name: "pick-\(algorithm.rawValue)-\(backends)", count: 100_000) { count in
        let (table, snapshot) = (field.table, field.snapshot)
        var available = Availables(snapshot.view, of: table)
        let experiences = Experiences()
        for index in 0..<count {
            available.sync()
            var chooser = Chooser(
                0,
                of: available.pool(0, at: Instant(nanoseconds: 0)),
                in: snapshot.view,
                live: table.backends,
                tickets: table.tickets,
                experiences: experiences,
                tried: TriedBackends(),
                now: Instant(nanoseconds: 0),
                seed: UInt64(index)
            )
            keep(chooser.pick(PickWish(key: UInt64(index) &* 0x9E37_79B9_7F4A_7C15)))
        }
    }
}

/// What picks are made in; prepared when it is first asked for, by the warm-up.
private final class PickField: @unchecked Sendable {
    let table = LiveTable()
    private let algorithm: Algorithm
    private let backends: Int
    private(set) lazy var snapshot = compile()

    init(_ algorithm: Algorithm, backends: Int) {
        self.algorithm = algorithm
        self.backends = backends
    }

    private func compile() -> Snapshot {
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, PoolSpec(algorithm: algorithm))
        var placements: [String: Compile.Placement] = [:]
        for index in 0..<backends {
            let url = try! BackendURL("http://10.0.\(index / 256).\(index % 256)")
            desired.appendBackends([.init(name: "b\(index)", spec: BackendSpec(url: url))])
            placements["b\(index)"] = Compile.Placement(live: UInt32(index), epoch: 0, endpoints: [])
            table.setAvailability(UInt32(index), .serving)
        }
        return Compile.snapshot(
            desired,
            sequence: 1,
            placements: placements,
            tickets: [DesiredState.defaultPool: 0]
        )
    }
}

/// A deadline moved later, as a busy connection does for each request.
private let timerSchedule = Work(name: "timer-schedule", count: 200_000) { count in
    var wheel = TimerWheel(now: Instant(nanoseconds: 0))
    for index in 0..<count {
        wheel.schedule(UInt32(index & 1023), at: Instant(nanoseconds: 60_000_000_000 + UInt64(index)))
    }
    keep(wheel.next)
}

/// A deadline that comes, and is put back a minute later.
private let timerFire = Work(name: "timer-fire", count: 200_000) { count in
    var wheel = TimerWheel(now: Instant(nanoseconds: 0))
    var now: UInt64 = 0
    for id in 0..<1024 as Range<UInt32> { wheel.schedule(id, at: Instant(nanoseconds: UInt64(id) * 60_000_000)) }
    var fired = 0
    while fired < count {
        now += 60_000_000
        while let id = wheel.expire(Instant(nanoseconds: now)) {
            wheel.schedule(id, at: Instant(nanoseconds: now + 60_000_000_000))
            fired += 1
        }
    }
    keep(fired)
}

private let histogram: Work = {
    let table = WorkerCounters()
    return Work(name: "histogram-record", count: 200_000) { count in
        let lines = table.latencies
        for index in 0..<count { lines[0].total.record(UInt64(index &* 7919) & 0xFF_FFFF) }
    }
}()
