import Model
import Testing

@Suite struct AddressTests {
    // MARK: - Backends' URLs

    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("HTTP://Example.COM", "http://example.com:80"),
        ("http://a/", "http://a:80"), ("http://[::1]:81", "http://[::1]:81"), ("unix:/run/a.sock", "unix:/run/a.sock"),
        ("http://my_app:65535", "http://my_app:65535"), ("http://example.com.", "http://example.com.:80"),
    ])
    func backendURLHasACanonicalForm(text: String, canonical: String) throws {
        #expect(try BackendURL(text).description == canonical)
        #expect(try BackendURL(canonical).description == canonical)
    }

    @Test(arguments: [
        "", "http://", "a:80", "127.0.0.1:8080", "https://a", "ftp://a", "http://a:0", "http://a:65536", "http://a:",
        "http://a:+8", "http://a/b", "http://a?b", "http://u@a", "http://-a", "http://a..b", "http://1.2.3",
        "http://01.2.3.4", "http://256.1.1.1", "http://::1", "http://[::1", "http://[::g]", "http://[::1]x",
        "unix:", "unix:/", "unix:run/a", "unix:/" + String(repeating: "a", count: 107), "http://a b", "http://ä",
    ])
    func whatIsNoBackendURLIsRefused(text: String) {
        #expect(throws: BackendURL.Refusal.self) { try BackendURL(text) }
    }

    @Test func refusalsSuggestWhatWasMeant() {
        func suggestion(_ text: String) -> String? {
            do {
                _ = try BackendURL(text)
                return nil
            } catch {
                return error.suggestion
            }
        }
        #expect(suggestion("127.0.0.1:8080") == "http://127.0.0.1:8080")
        #expect(suggestion("https://a:1") == "http://a:1")
        #expect(suggestion("http://a:1/path") == "http://a:1")
    }

    // MARK: - Listening addresses

    @Test(arguments: [
        (":80", "[::]:80"), ("*:80", "[::]:80"), ("0.0.0.0:8080", "0.0.0.0:8080"), ("[::1]:0", "[::1]:0"),
        ("localhost:9900", "127.0.0.1:9900"), ("unix:/run/lb.sock", "unix:/run/lb.sock"),
    ])
    func listeningAddressIsRead(text: String, canonical: String) throws {
        #expect(try ListenAddress(reading: text).description == canonical)
        #expect(ListenAddress(text) == ListenAddress(canonical))
    }

    @Test(arguments: [
        ("80", ":80"), ("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("http://127.0.0.1:80/", "127.0.0.1:80"),
        ("localhost", "localhost:80"), ("/run/lb.sock", "unix:/run/lb.sock"), ("unix:lb.sock", "unix:/run/lb.sock"),
        ("example.com:80", nil), ("127.0.0.1:99999", nil), ("", ":80"), ("70000", nil), ("127.0.0.1:-1", nil),
    ])
    func whatIsNoListeningAddressIsRefusedWithWhatWasMeant(text: String, suggestion: String?) throws {
        #expect(ListenAddress(text) == nil)
        let refusal = #expect(throws: ListenAddress.Refusal.self) { try ListenAddress(reading: text) }
        #expect(refusal?.suggestion == suggestion)
    }

    @Test(arguments: ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/a"])
    func adminMayListenWhereOnlyThisMachineReaches(text: String) throws {
        #expect(try ListenAddress(reading: text).adminRefusal == nil)
    }

    @Test(arguments: ["0.0.0.0:1", "[::]:1", ":1", "192.168.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"])
    func adminMayNotListenOnTheNetwork(text: String) throws {
        #expect(try ListenAddress(reading: text).adminRefusal != nil)
    }

    // MARK: - IP addresses

    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("255.255.255.255", "255.255.255.255"),
    ])
    func addressHasItsCanonicalForm(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "1.2.3", "1.2.3.4.5",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4", "::1%eth0", " ::1", "1:", "::1:", "1.2.3.+4", "0x1.2.3.4",
    ])
    func whatIsNoAddressIsNil(text: String) {
        #expect(IPAddress(text) == nil)
    }
}
