import HTTPWire
import Model
import Testing

@testable import Proxy

@Suite struct RequestKeyTests {
    /// What a pool reads off a request.
    private func wish(
        _ request: String,
        _ pool: PoolSpec,
        peer: Endpoint = .ipv4(0x0A00_0001, port: 5),
        trusting proxies: TrustedProxies? = nil
    ) throws -> PickWish {
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, pool)
        let snapshot = Compile.snapshot(desired, sequence: 1, placements: [:], tickets: [DesiredState.defaultPool: 0])
        let bytes = Array(request.replacing("\n", with: "\r\n").utf8)
        var parser = H1HeadParser()
        var head = RequestHead()
        _ = try parser.parseRequest(bytes.span.bytes, into: &head)
        let claim = proxies.map { ClientClaim(head, of: bytes.span.bytes, trusting: $0) }
        return RequestKey.wish(
            head,
            of: bytes.span.bytes,
            client: claim?.client(of: peer) ?? peer,
            pool: snapshot.view.pools[0],
            text: snapshot.view.text
        )
    }

    private func key(_ fields: String, by text: String, target: String = "/") throws -> UInt64? {
        let hashBy = try #require(HashKey(text))
        return try wish(
            "GET \(target) HTTP/1.1\nHost: a\n\(fields)\n",
            PoolSpec(algorithm: .hash, hashBy: hashBy)
        ).key
    }

    @Test func aFieldIsFoundWhateverTheCaseOfItsName() throws {
        let one = try key("X-User: 17\n", by: "header:x-user")
        #expect(one != nil)
        #expect(try key("x-uSER:   17 \n", by: "header:X-USER") == one)
        #expect(try key("X-User: 18\n", by: "header:x-user") != one)
        #expect(try key("X-User: 17\nX-User: 18\n", by: "header:x-user") == one)
        #expect(try key("X-Users: 17\nX-Use: 17\n", by: "header:x-user") == nil)
    }

    @Test func aCookieIsFoundAmongOthers() throws {
        let one = try key("Cookie: id=abc\n", by: "cookie:id")
        #expect(one != nil)
        #expect(try key("Cookie: a=b; id=abc;c=id\n", by: "cookie:id") == one)
        #expect(try key("Cookie: a=id\nCookie: x; id=abc\n", by: "cookie:id") == one)
        #expect(try key("Cookie: ID=abc; idx=abc; i=abc; xid=abc; id\n", by: "cookie:id") == nil)
        #expect(try key("Cookie: id=abd\n", by: "cookie:id") != one)
        #expect(try key("Cookie: id=\n", by: "cookie:id") != nil)
        #expect(try key("", by: "cookie:id") == nil)
    }

    @Test func aPathIsWithoutItsQueryAndAURIWithIt() throws {
        #expect(try key("", by: "path", target: "/a/b?x=1") == key("", by: "path", target: "/a/b?x=2"))
        #expect(try key("", by: "path", target: "/a/b") != key("", by: "path", target: "/a/c"))
        #expect(try key("", by: "uri", target: "/a/b?x=1") != key("", by: "uri", target: "/a/b?x=2"))
        #expect(try key("", by: "uri", target: "http://h/a?x") == key("", by: "uri", target: "/a?x"))
    }

    @Test func aClientIsItsAddressAndNotItsPort() throws {
        let pool = PoolSpec(algorithm: .hash, hashBy: .clientIP)
        let request = "GET / HTTP/1.1\nHost: a\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\n\n"
        let one = try wish(request, pool).key
        #expect(one != nil)
        #expect(try wish(request, pool, peer: .ipv4(0x0A00_0001, port: 6)).key == one)
        #expect(try wish(request, pool, peer: .ipv4(0x0A00_0002, port: 5)).key != one)
        // A trusted proxy's client is the last that it names; anybody else's list is only talk.
        let proxies = TrustedProxies()
        let trusted = try wish(request, pool, trusting: proxies).key
        #expect(trusted != one)
        #expect(try wish("GET / HTTP/1.1\nHost: a\n\n", pool, peer: .ipv4(0x0506_0708, port: 9)).key == trusted)
        for list in ["9.9.9.9,5.6.7.8", "5.6.7.8:80", "[::ffff:5.6.7.8]:80", "::ffff:506:708"] {
            let other = "GET / HTTP/1.1\nHost: a\nX-Forwarded-For: \(list)\n\n"
            #expect(try wish(other, pool, trusting: proxies).key == trusted)
        }
        #expect(try wish("GET / HTTP/1.1\nHost: a\n\n", pool, trusting: proxies).key == one)
    }

    @Test func onlyAnIdAsWeWriteItIsASession() throws {
        let pool = PoolSpec(sticky: StickySpec(cookie: "lb"))
        func id(_ value: String) throws -> UInt64 {
            try wish("GET / HTTP/1.1\nHost: a\nCookie: x=y; lb=\(value)\n\n", pool).sticky
        }
        #expect(try id("00000000000000ff") == 255)
        #expect(try id("fedcba9876543210") == 0xFEDC_BA98_7654_3210)
        for value in ["", "ff", "00000000000000FF", "00000000000000fg", "00000000000000ff0", "web-1"] {
            #expect(try id(value) == 0)
        }
        #expect(try wish("GET / HTTP/1.1\nHost: a\nCookie: lb=00000000000000ff\n\n", PoolSpec()).sticky == 0)
    }

    @Test func keysOfEveryLengthDiffer() throws {
        var seen = Set<UInt64>()
        for length in 0..<40 {
            for letter in ["a", "b"] {
                let text = String(repeating: letter, count: length)
                seen.insert(try #require(try key("", by: "path", target: "/" + text)))
            }
        }
        #expect(seen.count == 79)
    }
}

@Suite struct StickyTests {
    /// The vectors of the paper's reference code: key 00…0f, messages 00, 00 01, …
    @Test func theHashIsSipHash() {
        let key = StickyKey(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        #expect(key.hash([]) == 0x726F_DB47_DD0E_0E31)
        #expect(key.hash([0]) == 0x74F8_39C5_93DC_67FD)
        #expect(key.hash((0..<7).map { $0 }) == 0xAB02_00F5_8B01_D137)
        #expect(key.hash((0..<8).map { $0 }) == 0x93F5_F579_9A93_2462)
        #expect(key.hash((0..<15).map { $0 }) == 0xA129_CA61_49BE_45E5)
        #expect(key.hash((0..<63).map { $0 }) == 0x958A_324C_EB06_4572)
    }

    @Test func anIdIsThatOfAnIdentityUnderItsKey() {
        let key = StickyKey(1, 2)
        let id = key.id(pool: "default", name: "web-1", url: "http://10.0.0.1")
        #expect(id == StickyKey(1, 2).id(pool: "default", name: "web-1", url: "http://10.0.0.1"))
        #expect(id != StickyKey(1, 3).id(pool: "default", name: "web-1", url: "http://10.0.0.1"))
        #expect(id != key.id(pool: "default", name: "web-2", url: "http://10.0.0.1"))
        #expect(id != key.id(pool: "default", name: "web-1", url: "http://10.0.0.2"))
        #expect(key.id(pool: "ab", name: "c", url: "") != key.id(pool: "a", name: "bc", url: ""))
    }

    @Test func everyBackendOfALargePoolIsFoundByItsId() {
        let field = PickField(PoolSpec(sticky: StickySpec()), (0..<3000).map { PickField.spec($0) })
        let view = field.snapshot.view
        for index in 0..<3000 {
            #expect(view.backend(ofSticky: view.backends[index].stickyID, in: view.pools[0]) == UInt32(index))
        }
        #expect(view.backend(ofSticky: 0, in: view.pools[0]) == nil)
        #expect(view.backend(ofSticky: 4, in: view.pools[0]) == nil)
    }
}
