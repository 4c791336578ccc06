import CLinux
import Model
import Testing

@testable import Proxy

/// Instances that ask each other for their sockets.
@Suite struct HandoverTests {
    private func address() -> ListenAddress {
        ListenAddress(place: .unix(path: "/nowhere/\(clx_random())/lb.sock"))
    }

    @Test func whereNobodyIsNobodyAnswers() {
        guard case .nobody = Handover.claim(address()) else { return #expect(Bool(false), "somebody answered") }
    }

    @Test func aProcessThatNeverAcceptsDelaysNobody() throws {
        let address = address()
        let meeting = try #require(Handover.meeting(for: address))
        defer { _ = clx_close(meeting) }
        // Its queue is filled by what nobody takes out of it.
        var waiting: [Int32] = []
        defer { for descriptor in waiting { _ = clx_close(descriptor) } }
        while waiting.count < 64 {
            let descriptor = clx_meeting_connect(Handover.name(of: address))
            guard descriptor >= 0 else { break }
            waiting.append(descriptor)
        }
        #expect(waiting.count < 64)
        let began = clx_monotonic_ns()
        guard case .stranger = Handover.claim(address) else { return #expect(Bool(false), "somebody answered") }
        // Before, a full queue was waited for as long as for an instance that is slow: 10 s.
        #expect(clx_monotonic_ns() - began < 5_000_000_000)
    }
}
