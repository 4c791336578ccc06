import Foundation
import Testing

/// What a request costs the allocator: nothing, once a worker has seen a few. Counted in the real `lbd`, on its worker
/// threads, by a library that is preloaded into it (`Tests/AllocationCounter`).
///
/// A build that is not optimised makes an array of each literal of an option set: that is four, and `bench/allocations.sh`
/// sees that there is none in one that is.
@Suite(.disabled(if: Sanitizer.isOn, "a sanitizer's allocator stands where the counter would"))
struct AllocationTests {
    let bed = TestBed()

    private func allocations(_ path: String) throws -> UInt64 {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        guard bytes.count == 8 else { throw ChildProcess.Failure(description: "no count in \(path)") }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }

    @Test(arguments: ["auto", "epoll"], ["GET", "POST"])
    func aRequestOnAKeptConnectionAllocatesNothingOfItsOwn(engine: String, method: String) throws {
        let backend = try bed.rawBackend(answering: String(repeating: "x", count: 100))
        let counts = bed.path("allocations")
        let lbd = try bed.lbd(
            serving: backend,
            arguments: ["--io", engine, "--workers", "1"],
            environment: ["LD_PRELOAD": Programs.allocationCounter, "LB_ALLOCATIONS": counts]
        )
        let client = try lbd.connect()
        let body = method == "POST" ? "Content-Length: 5\r\n\r\nhello" : "\r\n"
        func request() throws {
            try client.send("\(method) / HTTP/1.1\r\nHost: test\r\n\(body)")
            #expect(try client.receiveAnswer().status == 200)
        }
        for _ in 0..<50 { try request() }
        let before = try allocations(counts)
        // Its tables and buffers: were there none, the counter would not count.
        #expect(before > 5)
        for _ in 0..<500 { try request() }
        let each = Double(try allocations(counts) - before) / 500
        #expect(each < 4.5, "allocations for each request")
    }
}
