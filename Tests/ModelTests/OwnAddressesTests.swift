import Model
import Testing

/// Backends that would be this process itself.
@Suite struct OwnAddressesTests {
    private func port(
        _ url: String,
        listeners: [String] = ["0.0.0.0:80"],
        admin: String = "127.0.0.1:9900"
    ) throws -> OwnAddresses.Port? {
        let own = OwnAddresses(
            listeners: try listeners.map { try #require(ListenAddress($0)) },
            admin: [try #require(ListenAddress(admin))],
            isLocal: { $0 == IPAddress("192.0.2.7") || $0 == IPAddress("2001:db8::7") }
        )
        return own.port(of: try BackendURL(url))
    }

    @Test(arguments: [
        "http://127.0.0.1:80", "http://127.9.9.9", "http://0.0.0.0:80", "http://localhost", "http://x.localhost:80",
        "http://192.0.2.7:80", "http://[::ffff:127.0.0.1]:80",
    ])
    func everyWayToAListenerOnAllAddressesIsOurs(_ url: String) throws {
        #expect(try port(url) == .data)
    }

    @Test(arguments: ["http://[::1]:80", "http://[2001:db8::7]:80", "http://127.0.0.1:80", "http://192.0.2.7:80"])
    func aListenerOfBothFamiliesIsReachedByBoth(_ url: String) throws {
        #expect(try port(url, listeners: [":80"]) == .data)
    }

    @Test(arguments: [
        "http://127.0.0.1:81", "http://192.0.2.8:80", "http://[::1]:80", "http://example.com:80", "unix:/run/app.sock",
    ])
    func otherAddressesAreNotOurs(_ url: String) throws {
        #expect(try port(url) == nil)
    }

    @Test func listenersOfOneAddressAreThatAddress() throws {
        #expect(try port("http://192.0.2.7:80", listeners: ["127.0.0.1:80"]) == nil)
        #expect(try port("http://127.0.0.1:80", listeners: ["127.0.0.1:80"]) == .data)
        #expect(try port("unix:/run/lb.sock", listeners: ["unix:/run/lb.sock"]) == .data)
        #expect(try port("unix:/run/lb.sock", listeners: ["unix:/run/other.sock"]) == nil)
    }

    @Test func theAdminPortIsToldApart() throws {
        #expect(try port("http://127.0.0.1:9900") == .admin)
        #expect(try port("http://localhost:9900") == .admin)
        #expect(try port("unix:/run/admin.sock", admin: "unix:/run/admin.sock") == .admin)
    }

    @Test func refusalsNameTheBackend() throws {
        var desired = DesiredState()
        desired.setBackend("web-1", BackendSpec(url: try BackendURL("http://127.0.0.1:80")))
        desired.setBackend("web-2", BackendSpec(url: try BackendURL("http://127.0.0.1:8080")))
        let own = OwnAddresses(listeners: [.anywhere(port: 80)], admin: [.loopback(port: 9900)])
        #expect(
            own.refusals(of: desired) == [
                "backend web-1: http://127.0.0.1:80 is where lbd itself listens: every request to it would come back"
            ]
        )
    }
}
