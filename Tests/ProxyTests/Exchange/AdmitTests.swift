import HTTPWire
import Testing

@testable import Proxy

@Suite struct AdmitTests {
    private func refusal(_ text: String, _ most: UInt64? = nil) throws -> Fault.Kind? {
        var head = RequestHead()
        var parser = H1HeadParser()
        _ = try parser.parseRequest(Array(text.utf8).rawBytes, into: &head)
        return Admit.refusal(head, bodyBytesMax: most)?.kind
    }

    @Test func tunnelsAndTracesAreNotForwarded() throws {
        #expect(try refusal("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") == .methodNotAllowed)
        #expect(try refusal("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") == .methodNotAllowed)
        #expect(try refusal("BREW / HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
    }

    @Test func onlyOneExpectationIsKnown() throws {
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n") == nil)
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n") == .expectationFailed)
    }

    @Test(
        arguments: [(99, nil), (100, nil), (101, .bodyTooLarge), (.max >> 1, .bodyTooLarge)]
            as [(UInt64, Fault.Kind?)]
    )
    func aBodyMayBeAsLongAsTheLimit(_ length: UInt64, _ kind: Fault.Kind?) throws {
        #expect(try refusal("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n", 100) == kind)
    }
}

@Suite struct RetryBudgetTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aBurstIsAllowedAndThenAFifthOfTheRequests() {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: Self.second)
        var granted = 0
        while budget.withdraw(at: now) { granted += 1 }
        #expect(granted == 100)
        granted = 0
        for _ in 0..<10_000 {
            now = now + 1
            budget.deposit()
            if budget.withdraw(at: now) { granted += 1 }
        }
        #expect((1999...2001).contains(granted))
    }

    /// However often it is asked in between.
    @Test(arguments: [1_000_000, 150_000, 50_000, 7_000])
    func aQuietWorkerEarnsTenASecond(_ step: UInt64) {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: 77)
        while budget.withdraw(at: now) {}
        var granted = 0
        let start = now
        while now.since(start) < 2 * Self.second {
            now = now + step
            if budget.withdraw(at: now) { granted += 1 }
        }
        #expect((19...21).contains(granted))
    }

    @Test func itEarnsNoMoreThanTenByTimeAlone() {
        var budget = RetryBudget()
        var now = Instant(nanoseconds: 1)
        while budget.withdraw(at: now) {}
        now = now + 3600 * Self.second
        var granted = 0
        while budget.withdraw(at: now) { granted += 1 }
        #expect(granted == 10)
    }
}
