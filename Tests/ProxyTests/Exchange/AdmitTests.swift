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
