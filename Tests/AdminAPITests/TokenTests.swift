import Foundation
import Model
import Testing

@testable import AdminAPI

/// Who may do what, where the admin port has a token file.
@Suite struct TokenTests {
    private static func line(_ name: String, _ role: String, _ token: String) -> String {
        "\(name):\(role):" + Digest.sha256(Array(token.utf8)).map { String(format: "%02x", $0) }.joined()
    }

    private static let tokens = """
        # who may

        \(line("eye", "viewer", "token-of-eye"))
        \(line("hand", "operator", "token-of-hand"))
        \(line("root:1", "admin", "token-of-root"))
        """

    private static func bearer(_ name: String) -> [(String, String)] { [("Authorization", "Bearer token-of-\(name)")] }

    // MARK: The file

    @Test func digestsAreThoseOfTheStandard() {
        func hex(_ text: String) -> String {
            Digest.sha256(Array(text.utf8)).map { String(format: "%02x", $0) }.joined()
        }
        #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex(String(repeating: "a", count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        )
    }

    @Test func digestsAreEqualInEveryByteOrNotAtAll() {
        let digest = Digest.sha256([1])
        #expect(Digest.isEqual(digest, digest))
        for at in digest.indices {
            var other = digest
            other[at] ^= 1
            #expect(!Digest.isEqual(digest, other))
        }
        #expect(!Digest.isEqual(digest, Array(digest.dropLast())))
        #expect(!Digest.isEqual([], []))
    }

    @Test func linesAreReadFromTheRight() throws {
        let entries = try TokenText.read(Array(Self.tokens.utf8))
        #expect(entries.map(\.name) == ["eye", "hand", "root:1"])
        #expect(entries.map(\.role) == [.viewer, .operator_, .admin])
        #expect(try TokenText.read(Array("\r\n# nothing\n  \n".utf8)).isEmpty)
        let upper = Self.line("a", "admin", "x").uppercased().replacingOccurrences(of: ":ADMIN:", with: ":admin:")
        #expect(try TokenText.read(Array((upper + "\r\n").utf8)).first?.digest == Digest.sha256([0x78]))
    }

    @Test(arguments: [
        ("a:admin", "NAME:ROLE:SHA256"), ("a:root:00", "the role must be one of viewer, operator, admin"),
        ("a:admim:00", "did you mean admin?"), ("a:admin:secret", "64 hexadecimal digits"),
        ("a:admin:" + String(repeating: "0", count: 63), "64 hexadecimal digits"),
        ("a:admin:" + String(repeating: "g", count: 64), "64 hexadecimal digits"),
        (":admin:" + String(repeating: "0", count: 64), "the name has"),
        ("a b:admin:" + String(repeating: "0", count: 64), "the name has"),
        ("eye:viewer:" + String(repeating: "0", count: 64), "stands twice"),
    ])
    func mistakesAreNamedWithTheirLineAndWithoutTheSecret(_ line: String, _ message: String) {
        let text = "# one\n" + Self.line("eye", "viewer", "x") + "\n" + line + "\n"
        let mistake = #expect(throws: TokenText.Mistake.self) { try TokenText.read(Array(text.utf8)) }
        #expect(mistake?.line == 3)
        #expect(mistake?.message.contains(message) == true)
        #expect(mistake?.message.contains("secret") == false)
    }

    @Test func fileThatCannotBeUsedKeepsTheServerFromStarting() throws {
        for (text, words) in [("", "no token"), ("a:admin:x", "line 1"), ("\u{0}", "line 1")] {
            let failure = #expect(throws: ListenFailure.self) { try AdminHarness(tokens: text) }
            #expect(failure?.message.contains(words) == true)
        }
        #expect(throws: ListenFailure.self) { try TokenBook(path: "/nowhere/tokens") { _ in } }
        #expect(throws: ListenFailure.self) { try TokenBook(path: "/tmp") { _ in } }
    }

    @Test func fileThatAnyoneMayWriteToIsRefused() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        chmod(admin.tokenFile, 0o666)
        #expect(throws: ListenFailure.self) { try TokenBook(path: admin.tokenFile) { _ in } }
        #expect(try admin.ask("GET", "/v1", nil, Self.bearer("root")).status == 401)
        chmod(admin.tokenFile, 0o600)
        #expect(try admin.ask("GET", "/v1", nil, Self.bearer("root")).status == 200)
    }

    @Test func changeOfTheFileIsTakenUpAtOnce() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: admin.tokenFile), options: .atomic)
        }
        func status(_ name: String) throws -> Int { try admin.ask("GET", "/v1", nil, Self.bearer(name)).status }
        #expect(try status("root") == 200)
        try write(Self.line("new", "admin", "token-of-new"))
        #expect(try status("root") == 401)
        #expect(try status("new") == 200)
        // A file that is half written, or wrong, takes nobody's token away.
        try write("new:admin:")
        #expect(try status("new") == 200)
        #expect(admin.log.all.contains { $0.contains("the tokens read before stay") })
        try FileManager.default.removeItem(atPath: admin.tokenFile)
        #expect(try status("new") == 401)
        try write(Self.tokens)
        #expect(try status("root") == 200)
        #expect(!admin.log.all.contains { $0.contains("token-of") })
    }

    // MARK: Who

    @Test(arguments: [
        nil, "Bearer", "Bearer ", "Bearer token-of-nobody", "Basic dG9rZW4tb2Ytcm9vdA==", "token-of-root",
        "Bearer token-of-root token-of-root", "Bearer token-of-roo", "Bearer token-of-rootx",
    ])
    func requestWithoutAKnownTokenIsRefused(_ credentials: String?) throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        let fields = credentials.map { [("Authorization", $0)] } ?? []
        for (method, path) in [("GET", "/v1"), ("DELETE", "/v1/backends/web-1"), ("GET", "/nothing"), ("PUT", "/v1")] {
            let answer = try admin.ask(method, path, nil, fields)
            #expect(answer.status == 401)
            #expect(answer["code"] == "unauthorized")
            #expect(answer.field("WWW-Authenticate")?.hasPrefix("Bearer realm=") == true)
        }
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func twoTokensAreNoToken() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        #expect(try admin.ask("GET", "/v1", nil, Self.bearer("root") + Self.bearer("eye")).status == 401)
    }

    @Test func tokenIsTakenFromItsFieldAlone() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        #expect(try admin.ask("GET", "/v1?access_token=token-of-root").status == 401)
        #expect(try admin.ask("GET", "/v1", nil, [("Cookie", "token=token-of-root")]).status == 401)
        #expect(try admin.ask("GET", "/v1", nil, [("authorization", "bearer token-of-root")]).status == 200)
    }

    @Test func whoIsNotKnownLearnsWhetherItLivesAndNoMore() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        #expect(try admin.ask("GET", "/healthz").status == 200)
        let ready = try admin.ask("GET", "/readyz?verbose")
        #expect(ready.status == 200)
        #expect(ready["checks"] == nil)
        #expect(try admin.ask("GET", "/readyz?verbose", nil, Self.bearer("eye"))["checks"] != nil)
        admin.plane.setPhase("web-1", .unhealthy)
        admin.plane.setPhase("web-2", .unhealthy)
        let unready = try admin.ask("GET", "/readyz")
        #expect(unready.status == 503)
        #expect(unready["checks"] == nil)
        #expect(try admin.ask("GET", "/v1/problems/unauthorized").status == 200)
        #expect(try admin.ask("GET", "/metrics").status == 401)
    }

    @Test func hostAndSiteAreCheckedBeforeTheToken() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        #expect(try admin.ask("GET", "/v1", nil, [("Host", "evil.example")])["code"] == "host-not-allowed")
        #expect(
            try admin.ask("PUT", "/v1/backends/a", "{}", [("Sec-Fetch-Site", "cross-site")])["code"] == "cross-site"
        )
    }

    @Test func userOfTheUnixSocketNeedsNoToken() throws {
        let place = try TemporaryDirectory()
        let admin = try AdminHarness(address: try #require(ListenAddress("unix:\(place.path)/a")), tokens: Self.tokens)
        #expect(try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#).status == 201)
        // What is presented has to be right all the same.
        #expect(try admin.ask("GET", "/v1", nil, [("Authorization", "Bearer x")]).status == 401)
        #expect(try admin.ask("DELETE", "/v1/backends/a", nil, Self.bearer("eye")).status == 403)
    }

    @Test func withoutATokenFileATokenIsNotLookedAt() throws {
        #expect(try AdminHarness().ask("GET", "/v1", nil, [("Authorization", "Bearer x")]).status == 200)
    }

    // MARK: What

    /// Which role is enough, by path and method: nil is none. Whatever is served has a line here.
    private static let needed: [String: Role?] = [
        "GET /v1": .viewer, "GET /v1/backends": .viewer, "POST /v1/backends": .admin,
        "GET /v1/backends/{name}": .viewer, "PUT /v1/backends/{name}": .admin, "DELETE /v1/backends/{name}": .admin,
        "GET /v1/backends/{name}/health": .viewer, "POST /v1/backends/{name}/probe": .operator_,
        "GET /v1/health": .viewer, "GET /v1/problems/{slug}": nil,
        "GET /v1/operations": .viewer, "GET /v1/operations/{id}": .viewer, "DELETE /v1/operations/{id}": .operator_,
        "GET /v1/events": .viewer, "GET /v1/self": .viewer, "PATCH /v1/self": .operator_, "GET /v1/stats": .viewer,
        "GET /metrics": .viewer, "GET /healthz": nil, "GET /openapi.json": nil,
        "PATCH /v1/backends": .operator_, "PATCH /v1/backends/{name}": .operator_, "GET /v1/pools": .viewer,
        "GET /v1/pools/{name}": .viewer, "PUT /v1/pools/{name}": .admin, "PATCH /v1/pools/{name}": .admin,
        "DELETE /v1/pools/{name}": .admin, "GET /v1/config": .viewer, "PUT /v1/config": .admin,
        "PATCH /v1/config": .admin, "GET /v1/history": .viewer, "POST /v1/rollback": .admin,
        "GET /readyz": nil,
    ]

    @Test func everyPathHasItsRole() throws {
        for route in Router.routes {
            for operation in route.operations {
                let key = "\(operation.method.rawValue) \(route.template)"
                let needed = try #require(Self.needed[key], "\(key) has no line in the table")
                #expect(operation.role == needed, "\(key)")
            }
        }
    }

    @Test func operatorShiftsTrafficAndChangesNothingElse() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        func patch(_ path: String, _ body: String) throws -> Answer {
            try admin.ask("PATCH", path, body, Self.bearer("hand"))
        }
        #expect(try patch("/v1/backends/web-1", #"{"weight":3,"state":"drain"}"#).status == 200)
        #expect(try patch("/v1/backends", #"{"web-1":{"state":"ready"},"web-2":{"weight":0}}"#).status == 200)
        for (path, body) in [
            ("/v1/backends/web-1", #"{"labels":{"a":"b"}}"#), ("/v1/backends/web-1", #"{"url":"http://10.0.0.9"}"#),
            ("/v1/backends", #"{"web-2":null}"#), ("/v1/backends", #"{"n":{"url":"http://10.0.0.9"}}"#),
            ("/v1/backends?dry_run=probe", #"{"n":{"url":"http://10.0.0.9"}}"#),
        ] {
            let answer = try patch(path, body)
            #expect(answer.status == 403, "\(body)")
            #expect(answer["code"] == "forbidden")
        }
        #expect(admin.plane.revisions.count == 2)
    }

    @Test func whatAChangeWouldDoIsForWhoeverMayLook() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        let whole = #"{"backends":{"web-1":{"url":"http://10.0.0.1:80"}}}"#
        for (method, path, body) in [
            ("PUT", "/v1/config", whole), ("PATCH", "/v1/config", whole), ("DELETE", "/v1/backends/web-1", nil),
            ("PATCH", "/v1/backends", #"{"n":{"url":"http://10.0.0.9:80"}}"#),
            ("PUT", "/v1/backends/n", #"{"url":"http://10.0.0.9:80"}"#),
            ("POST", "/v1/backends", #"{"url":"http://10.0.0.9:80"}"#),
            ("PUT", "/v1/pools/blue", "{}"),
        ] as [(String, String, String?)] {
            for plan in ["?dry_run=plan", "?dry_run", "?force=true&dry%5Frun=pl%61n"] {
                let answer = try admin.ask(method, path + plan, body, Self.bearer("eye"))
                #expect(answer.status == 200, "\(method) \(path)\(plan): \(answer.text)")
                #expect(answer["changes"] != nil)
            }
            for change in ["", "?dry_run=probe", "?dry_run=plan&dry_run=probe", "?dry_run=plan&x=y", "?dry_run=no"] {
                let answer = try admin.ask(method, path + change, body, Self.bearer("eye"))
                #expect(answer.status == 403, "\(method) \(path)\(change): \(answer.text)")
            }
        }
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func streamsEndWithTheTokenThatOpenedThem() throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        func open(_ name: String) throws -> RawClient {
            let client = try admin.client()
            let fields = Self.bearer(name) + [("Accept", "application/x-ndjson")]
            client.send(AdminHarness.request("GET", "/v1/events", nil, fields))
            #expect(try client.receive(hasBody: false).status == 200)
            return client
        }
        let eye = try open("eye")
        let hand = try open("hand")
        let root = try open("root")
        // The one is gone, the other is somebody else now.
        try Data(
            (Self.line("hand", "viewer", "token-of-hand") + "\n" + Self.line("root:1", "admin", "token-of-root")).utf8
        )
        .write(to: URL(fileURLWithPath: admin.tokenFile), options: .atomic)
        #expect(eye.isClosed())
        #expect(hand.isClosed())
        #expect(try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#, Self.bearer("root")).status == 201)
        #expect(root.line()?.contains("backend.added") == true)
    }

    @Test(arguments: ["eye", "hand", "root"])
    func everyRoleMayDoWhatItIsForAndNoMore(_ name: String) throws {
        let admin = try AdminHarness(tokens: Self.tokens)
        let role: Role = name == "eye" ? .viewer : name == "hand" ? .operator_ : .admin
        for route in Router.routes {
            for operation in route.operations {
                let path = route.template.replacingOccurrences(of: "{name}", with: "web-1")
                    .replacingOccurrences(of: "{slug}", with: "exists").replacingOccurrences(of: "{id}", with: "op-0")
                // Without a body, and with a version that is not there: what is let in changes nothing.
                let fields = Self.bearer(name) + [("If-Match", "\"x.1\"")]
                let query = operation.parameters.contains("follow") ? "?follow=false" : ""
                let answer = try admin.ask(operation.method.rawValue, path + query, nil, fields)
                let isLetIn = operation.role.map { role >= $0 } ?? true
                #expect((answer.status == 403) == !isLetIn, "\(name): \(operation.method.rawValue) \(path)")
                #expect(answer.status != 401)
                if !isLetIn {
                    #expect(answer["code"] == "forbidden")
                    #expect(answer["detail"]?.contains("the role \(role.rawValue)") == true)
                }
            }
        }
        #expect(admin.plane.revisions.isEmpty)
    }

    // MARK: Where

    @Test func portOnTheNetworkAnswersToItsAddressesAndNoOtherName() throws {
        let admin = try AdminHarness(
            address: .anywhere(port: 0),
            extraHosts: ["lb.example", "fd00::1"],
            tokens: Self.tokens
        )
        guard case .network(_, let port) = admin.address.place else { return }
        for local in ["127.0.0.1", "127.0.0.2"] {
            let client = try RawClient(#require(ListenAddress("\(local):\(port)")))
            for (host, status) in [
                (local, 200), ("\(local):\(port)", 200), ("lb.example", 200), ("[fd00::1]:1", 200), ("localhost", 200),
                ("0.0.0.0:\(port)", 403), ("[::]:\(port)", 403), ("127.0.0.3", 403), ("evil.example", 403),
            ] {
                client.send(AdminHarness.request("GET", "/v1", nil, [("Host", host)] + Self.bearer("eye")))
                #expect(try client.receive().status == status, "\(host) by \(local)")
            }
        }
    }
}
