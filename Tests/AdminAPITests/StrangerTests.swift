import Foundation
import Model
import Testing

@testable import AdminAPI

/// What strangers send is shown, and does nothing else; and no backend is this process itself.
@Suite struct StrangerTests {
    @Test(arguments: ["a%0Albd:%20forged", "a%1B%5B31m", "%C2%9B2J", "a%E2%80%AEb", "%00"])
    func aReasonWithControlCharactersIsRefusedAndSaysSo(_ reason: String) throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PUT", "/v1/backends/a?reason=\(reason)", #"{"url":"http://a:80"}"#)
        #expect(answer.status == 400)
        #expect(answer["code"] == "bad-parameter")
        #expect(answer["detail"]?.contains("control characters") == true)
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func aReasonIsAnyTextThatShows() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("PUT", "/v1/backends/a", #"{"url":"http://a:80"}"#, [("LB-Reason", "größer → 日本")])
        #expect(answer.status == 201)
        #expect(try admin.ask("GET", "/v1/history?limit=1")["history/0/reason"] == "größer → 日本")
    }

    @Test func answersHoldNoControlCharacters() throws {
        let admin = try AdminHarness()
        for path in [
            "/v1/backends?pool=%1B%5B31m", "/v1/backends?label=%C2%9B", "/v1/events?type=%E2%80%AE",
            "/v1/backends/%C2%9B%1B",
        ] {
            let answer = try admin.ask("GET", path)
            #expect(answer.status >= 400)
            let lines = answer.text.unicodeScalars.filter { $0.isControl && $0 != "\n" }
            #expect(lines.isEmpty, "\(path)")
        }
        let text = JSONValue.string("\u{1B}\u{9B}\u{202E}\u{2028}é\u{7F}\n\"").encoded(pretty: false)
        #expect(String(decoding: text, as: UTF8.self) == #""\u001b\u009b\u202e\u2028é\u007f\n\"""#)
        #expect(try JSONReader.read(text).value == .string("\u{1B}\u{9B}\u{202E}\u{2028}é\u{7F}\n\""))
    }

    @Test(arguments: ["Via", "X-Forwarded-For", "x-forwarded-proto", "Forwarded"])
    func whatCameThroughAProxyIsNotLetIn(_ field: String) throws {
        let admin = try AdminHarness()
        for method in ["GET", "PUT"] {
            let answer = try admin.ask(method, "/v1/backends/web-1", nil, [(field, "1.1 lb")])
            #expect(answer.status == 403)
            #expect(answer["code"] == "proxied")
        }
    }

    @Test func theAdminPortIsNoBackendAlsoByForce() throws {
        let admin = try AdminHarness()
        guard case .network(_, let port) = admin.address.place else { return }
        for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"] {
            for force in ["", "?force=true"] {
                let body = #"{"url":"http://\#(host):\#(port)"}"#
                let answer = try admin.ask("PUT", "/v1/backends/a\(force)", body)
                #expect(answer.status == 422, "\(host)")
                #expect(answer["errors/0/pointer"] == "/url")
                #expect(answer["detail"]?.contains("admin API of lbd itself") == true)
            }
        }
        #expect(admin.plane.revisions.isEmpty)
    }

    @Test func theDataPortIsABackendByForceOnly() throws {
        let admin = try AdminHarness(listeners: [try #require(ListenAddress("0.0.0.0:7171"))])
        let body = #"{"url":"http://127.0.0.1:7171"}"#
        let refused = try admin.ask("PUT", "/v1/backends/a", body)
        #expect(refused.status == 409)
        #expect(refused["code"] == "own-address")
        #expect(try admin.ask("PATCH", "/v1/config", #"{"backends":{"a":\#(body)}}"#)["code"] == "own-address")
        #expect(try admin.ask("PATCH", "/v1/backends/web-1", body)["code"] == "own-address")
        #expect(try admin.ask("PUT", "/v1/backends/a?force=true", body).status == 201)
        // What is there already can be changed otherwise.
        #expect(try admin.ask("PATCH", "/v1/backends/a", #"{"weight":2}"#).status == 200)
    }
}
