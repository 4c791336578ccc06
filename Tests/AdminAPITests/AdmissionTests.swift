import Foundation
import Model
import Testing

@testable import AdminAPI

/// Who may ask, and what for.
@Suite struct AdmissionTests {
    private static let body = #"{"url":"http://a:80"}"#

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST", 200), ("localhost:9900", 200), ("localhost:1", 200), ("127.0.0.1", 200),
        ("127.0.0.1:9900", 200), ("[::1]", 200), ("[::1]:9900", 200), ("lb.example", 200), ("LB.example:80", 200),
        ("", 403), ("evil.example", 403), ("localhost.evil.example", 403), ("evil.example:9900", 403),
        ("0.0.0.0:9900", 403), ("127.0.0.2", 403), ("localhost:", 403), ("localhost:x", 400),
        ("evil@localhost", 400),
    ])
    func hostMustBeOneOfOurs(_ host: String, _ status: Int) throws {
        let admin = try AdminHarness(extraHosts: ["lb.example"])
        let answer = try admin.ask("GET", "/healthz", nil, [("Host", host)])
        #expect(answer.status == status)
        if status == 403 { #expect(answer["code"] == "host-not-allowed") }
    }

    @Test func requestWithoutHostIsRefused() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send("GET /healthz HTTP/1.0\r\n\r\n")
        #expect(try client.receive().status == 403)
        withExtendedLifetime(admin) {}
    }

    @Test func hostOfTheTargetCounts() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.receive().status == 403)
        client.send("GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        #expect(try client.receive().status == 200)
    }

    @Test func ownAddressIsAllowedAndAnyAddressIsNot() throws {
        let gate = OriginGate(listening: try #require(ListenAddress("127.0.0.5:9900")), extra: [])
        func status(_ host: String) -> Int {
            let request = AdminRequest(
                methodText: "GET",
                path: "/",
                query: nil,
                host: host,
                fields: [],
                peer: "",
                id: ""
            )
            do {
                try gate.check(request)
                return 200
            } catch { return error.kind.status }
        }
        #expect(status("127.0.0.5:9900") == 200)
        #expect(status("127.0.0.6:9900") == 403)
    }

    /// Sec-Fetch-Site, Origin, and what a read and a write then get.
    @Test(
        arguments: [
            (nil, nil, 200, 201), ("same-origin", nil, 200, 201), ("none", nil, 200, 201), ("same-site", nil, 200, 403),
            ("cross-site", nil, 200, 403), (nil, "http://localhost:9900", 200, 201),
            (nil, "https://localhost:9900", 200, 201), (nil, "http://localhost", 403, 403), (nil, "null", 403, 403),
            (nil, "http://evil.example", 403, 403), ("cross-site", "http://evil.example", 403, 403),
            ("same-origin", "http://evil.example", 403, 403), ("same-origin", "http://localhost:9900", 200, 201),
        ] as [(String?, String?, Int, Int)]
    )
    func pagesOfOtherSitesAreRefused(_ site: String?, _ origin: String?, _ read: Int, _ write: Int) throws {
        let admin = try AdminHarness()
        var fields = [("Host", "localhost:9900"), ("Content-Type", "application/json")]
        if let site { fields.append(("Sec-Fetch-Site", site)) }
        if let origin { fields.append(("Origin", origin)) }
        #expect(try admin.ask("GET", "/v1/backends", nil, fields).status == read)
        #expect(try admin.ask("HEAD", "/v1/backends", nil, fields).status == read)
        let put = try admin.ask("PUT", "/v1/backends/a", Self.body, fields)
        #expect(put.status == write)
        if write == 403 { #expect(put["code"] == "cross-site") }
        let post = try admin.ask("POST", "/v1/backends", #"{"url":"http://b:80"}"#, fields)
        #expect(post.status == write)
        #expect(try admin.ask("DELETE", "/v1/backends/web-1", nil, fields).status == (write == 201 ? 200 : 403))
        #expect(admin.plane.revisions.count == (write == 201 ? 3 : 0))
    }

    @Test func fetchModeAloneDecidesNothing() throws {
        let admin = try AdminHarness()
        let fields = [("Sec-Fetch-Mode", "cors"), ("Content-Type", "application/json")]
        #expect(try admin.ask("PUT", "/v1/backends/a", Self.body, fields).status == 201)
    }

    @Test func formPostOfABrowserIsRefusedByItsType() throws {
        let admin = try AdminHarness()
        for type in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
            let fields = [("Sec-Fetch-Site", "same-origin"), ("Content-Type", type)]
            let answer = try admin.ask("POST", "/v1/backends", Self.body, fields)
            #expect(answer.status == 415)
            #expect(answer.field("Accept") == "application/json")
        }
        for marker in ["Cookie", "Referer"] {
            #expect(try admin.ask("PUT", "/v1/backends/a", Self.body, [(marker, "x")]).status == 415)
        }
        let json = [("Cookie", "x"), ("Content-Type", "application/json; charset=utf-8")]
        #expect(try admin.ask("PUT", "/v1/backends/a", Self.body, json).status == 201)
    }

    @Test func curlNeedsNoType() throws {
        let admin = try AdminHarness()
        for (index, type) in ["application/x-www-form-urlencoded", "text/plain", "text/xml", ""].enumerated() {
            let body = #"{"url":"http://10.0.0.\#(index):80"}"#
            #expect(
                try admin.ask("POST", "/v1/backends", body, type.isEmpty ? [] : [("Content-Type", type)]).status == 201
            )
        }
        #expect(try admin.ask("PUT", "/v1/backends/a", "<xml/>", [("Content-Type", "text/xml")]).status == 415)
        #expect(try admin.ask("PUT", "/v1/backends/a", "<xml/>").status == 400)
        #expect(try admin.ask("PUT", "/v1/backends/a", Self.body, [("Content-Encoding", "gzip")]).status == 415)
        #expect(try admin.ask("PUT", "/v1/backends/a", Self.body, [("Content-Encoding", "identity")]).status == 201)
    }

    @Test(arguments: [
        "/v1/../v1", "/v1/./backends", "/..", "/v1/%2e%2e/healthz", "/v1/backends/%2E", "/v1%2Fbackends",
        "/v1/backends/a%2fb", "//v1", "/v1//backends", "/v1/backends/%zz", "/v1/backends/%f", "/v1/backends/%ff",
        "/v1/backends/a%5cb",
    ])
    func pathsOfTwoMeaningsAreRefused(_ path: String) throws {
        let answer = try AdminHarness().ask("GET", path)
        #expect(answer.status == 400)
        #expect(answer["code"] == "bad-path")
    }

    @Test func bytesOutsideASCIIAreRefused() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("GET", "/v1/backends/\u{e9}").status == 400)
    }

    @Test func dotsWithinANameAreAName() throws {
        let admin = try AdminHarness()
        #expect(try admin.ask("PUT", "/v1/backends/a..b", Self.body).status == 201)
    }

    @Test func unknownPathIsToldTheNearest() throws {
        let admin = try AdminHarness()
        for (path, hint) in [
            ("/v1/backends/", "did you mean /v1/backends?"), ("/backends", "did you mean /v1/backends?"),
            ("/health", "did you mean /v1/health?"), ("/v1/backend", "did you mean /v1/backends?"),
            ("/", "did you mean /v1?"), ("/favicon.ico", "GET /v1 lists what there is"),
        ] {
            let answer = try admin.ask("GET", path)
            #expect(answer.status == 404)
            #expect(answer["code"] == "unknown-path")
            #expect(answer["hint"] == hint)
        }
    }

    @Test(arguments: [
        ("POST", "/v1", "GET, HEAD, OPTIONS"), ("DELETE", "/v1/backends", "GET, HEAD, POST, PATCH, OPTIONS"),
        ("POST", "/v1/backends/web-1", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"), ("TRACE", "/v1", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("get", "/v1", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ])
    func otherMethodsAreToldWhichThereAre(_ method: String, _ path: String, _ allow: String) throws {
        let answer = try AdminHarness().ask(method, path)
        #expect(answer.status == 405)
        #expect(answer.field("Allow") == allow)
    }

    @Test func refusalOfAHeadKeepsTheConnectionWhenThereIsNoBody() throws {
        let admin = try AdminHarness()
        let client = try admin.client()
        client.send(AdminHarness.request("GET", "/nothing") + AdminHarness.request("GET", "/healthz"))
        #expect(try client.receive().status == 404)
        #expect(try client.receive().status == 200)
        client.send(AdminHarness.request("PUT", "/nothing", "x"))
        #expect(try client.receive().field("Connection") == "close")
        #expect(client.isClosed())
        withExtendedLifetime(admin) {}
    }

    @Test func unknownParameterIsToldTheNearest() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("DELETE", "/v1/backends/web-1?wiat=30s")
        #expect(answer.status == 400)
        #expect(answer["code"] == "unknown-parameter")
        #expect(answer["hint"] == "did you mean \"wait\"?")
        #expect(try admin.ask("GET", "/v1?force").status == 400)
        #expect(try admin.ask("GET", "/v1?pretty=yes").status == 400)
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test(arguments: [
        "wait=30", "wait=-1s", "wait=", "wait=2h", "wait=61m", "force=maybe", "wait=1s&wait=2s", "wait=%zz", "wait=%ff",
    ])
    func parametersHaveTheValuesTheyCanHave(_ query: String) throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PUT", "/v1/backends/a?\(query)", Self.body)
        #expect(answer.status == 400)
        #expect(answer["code"] == "bad-parameter")
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test(arguments: [
        (#"{"url":"http://a:80","wieght":3}"#, 400, "unknown-field", "/wieght"),
        (#"{"url":"http://a:80","colour":"green"}"#, 400, "unknown-field", "/colour"),
        (#"{"url":"http://a:80","state":"drained"}"#, 422, "invalid", "/state"),
        (#"{"url":"ftp://a"}"#, 422, "invalid", "/url"), (#"{"url":"nothing at all"}"#, 422, "invalid", "/url"),
        (#"{"url":8080}"#, 422, "invalid", "/url"), (#"{}"#, 422, "invalid", "/url"),
        (#"{"url":"http://a:80","weight":1001}"#, 422, "invalid", "/weight"),
        (#"{"url":"http://a:80","weight":-1}"#, 422, "invalid", "/weight"),
        (#"{"url":"http://a:80","weight":"1"}"#, 422, "invalid", "/weight"),
        (#"{"url":"http://a:80","weight":true}"#, 422, "invalid", "/weight"),
        (#"{"url":"http://a:80","pool":"defualt"}"#, 422, "invalid", "/pool"),
        (#"[]"#, 422, "invalid", ""), (#""http://a:80""#, 422, "invalid", ""), (#"null"#, 422, "invalid", ""),
    ])
    func wrongMembersAreNamedByPointer(_ body: String, _ status: Int, _ code: String, _ pointer: String) throws {
        let admin = try AdminHarness()
        for answer in [
            try admin.ask("PUT", "/v1/backends/a", body), try admin.ask("POST", "/v1/backends", body),
        ] {
            #expect(answer.status == status)
            #expect(answer["code"] == code)
            #expect(answer["errors/0/pointer"] == pointer)
        }
        #expect(admin.plane.revisions.isEmpty)
        #expect(admin.state.revision == 1)
    }

    @Test func allWrongMembersAreToldAtOnce() throws {
        let answer = try AdminHarness().ask("PUT", "/v1/backends/a", #"{"url":"x","weight":9999,"wieght":1}"#)
        #expect(answer.status == 400)
        #expect(answer["errors"] == "[3]")
    }

    @Test(arguments: [
        ("{\"url\":\"http://a:80\",}", "line 1, column 22"), ("{\n 'url': 1}", "line 2, column 2"), ("", "empty"),
        ("  \r\n", "empty"), ("{\"url\":\"http://a:80\"} x", "line 1, column 23"), ("{\"url\":", "line 1, column 8"),
        ("{\"url\":1,\"url\":2}", "stands twice"), ("\u{0}", "byte 0"), ("url=http://a:80", "line 1, column 1"),
        (String(repeating: "[", count: 100_000), "levels deep"),
    ])
    func brokenJSONIsToldItsPlace(_ body: String, _ words: String) throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PUT", "/v1/backends/a", body)
        #expect(answer.status == 400)
        #expect(answer["code"] == "bad-json")
        #expect(answer["detail"]?.contains(words) == true, "\(answer["detail"] ?? "")")
    }
}
