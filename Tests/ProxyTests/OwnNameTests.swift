import Model
import Synchronization
import Testing

@testable import Proxy

/// Names of backends that lead to this process itself.
@Suite struct OwnNameTests {
    @Test func aNameThatLeadsToTheAdminPortIsUsedAsIfItHadNoSuchAddress() throws {
        var process = ProcessSettings()
        process.listeners = [try #require(ListenAddress("127.0.0.1:0"))]
        process.workers = 1
        process.accessLog = .off
        let lines = Mutex<[String]>([])
        let proxy = try Proxy(
            process,
            lookup: { _ in [.ipv4(0x7F00_0001, port: 0)] },
            lifetime: { _ in nil },
            say: { line in lines.withLock { $0.append(line) } }
        )
        proxy.keepAway(from: OwnAddresses(listeners: proxy.listeners, admin: [.loopback(port: 9900)]))
        var desired = DesiredState()
        desired.setBackend("own", BackendSpec(url: try BackendURL("http://backend.example:9900")))
        desired.setBackend("other", BackendSpec(url: try BackendURL("http://backend.example:9901")))
        try proxy.start(desired)
        defer { _ = proxy.stop(patience: .zero) }
        let places = proxy.control.withLock { control in control.seating.placements.map(\.endpoints) }
        #expect(places == [[], [.ipv4(0x7F00_0001, port: 9901)]])
        let told = lines.withLock { $0 }.filter { $0.contains("leads to the admin API of this process") }
        #expect(told.count == 1)
        #expect(told.first?.contains("http://backend.example:9900") == true)
    }
}
