import Foundation
import Model
import Testing

@testable import AdminAPI

/// The admin port answers whoever asks, whatever others do with it.
@Suite struct RoomTests {
    private func crowd(_ admin: AdminHarness, _ count: Int, _ bytes: String) throws -> [RawClient] {
        try (0..<count).map { _ in
            let client = try admin.client()
            client.send(bytes)
            return client
        }
    }

    @Test(arguments: [
        "", "GET /v1 HT", "GET /v1 HTTP/1.1\r\nHost: localhost\r\n",
        "PUT /v1/backends/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    ])
    func halfARequestHoldsNoPlace(_ bytes: String) throws {
        var limits = AdminLimits()
        limits.connectionsMax = 4
        let admin = try AdminHarness(limits: limits)
        let crowd = try crowd(admin, 12, bytes)
        for _ in 0..<20 { #expect(try admin.ask("GET", "/v1/backends").status == 200) }
        withExtendedLifetime(crowd) {}
    }

    @Test func anAnswerThatNobodyReadsHoldsNoPlace() throws {
        var limits = AdminLimits()
        limits.connectionsMax = 4
        let admin = try AdminHarness(limits: limits)
        // Some hundred kilobytes each, and not one is read.
        let request = AdminHarness.request("GET", "/openapi.json")
        let crowd = try crowd(admin, 8, String(repeating: request, count: 40))
        for _ in 0..<20 { #expect(try admin.ask("GET", "/v1/backends").status == 200) }
        withExtendedLifetime(crowd) {}
    }

    @Test func streamsTakeNoPlaceOfThoseThatWait() throws {
        var limits = AdminLimits()
        limits.streamsMax = 2
        limits.waitsMax = 4
        let admin = try AdminHarness(limits: limits)
        let streams = try (0..<2).map { _ in
            let client = try admin.client()
            client.send(AdminHarness.request("GET", "/v1/events"))
            #expect(try client.receive(hasBody: false).status == 200)
            return client
        }
        #expect(try admin.ask("GET", "/v1/events").status == 429)
        #expect(try admin.ask("PUT", "/v1/backends/a?wait=5s", #"{"url":"http://10.0.0.9:80"}"#).status == 201)
        withExtendedLifetime(streams) {}
    }

    @Test func theLastPlacesToWaitAreForChanges() throws {
        var limits = AdminLimits()
        limits.waitsMax = 4
        let admin = try AdminHarness(limits: limits)
        admin.plane.setPhase("web-1", .unhealthy)
        let readers = try (0..<3).map { _ in try admin.later("GET", "/v1/health?until=healthy&wait=20s") }
        var status = 504
        for _ in 0..<2000 where status != 429 {
            status = try admin.ask("GET", "/v1/health?until=healthy&wait=1ms").status
        }
        #expect(status == 429)
        #expect(try admin.ask("PUT", "/v1/backends/a?wait=5s", #"{"url":"http://10.0.0.9:80"}"#).status == 201)
        admin.plane.setPhase("web-1", .serving)
        for reader in readers { #expect(try reader.value().status == 200) }
    }

    @Test func removalWithoutRoomToWaitIsMadeAndAnsweredAtOnce() throws {
        var limits = AdminLimits()
        limits.waitsMax = 1
        let admin = try AdminHarness(limits: limits)
        admin.plane.setInFlight("web-1", 1)
        admin.plane.holdNewcomers()
        let waiting = try admin.later("PUT", "/v1/backends/web-3?wait=20s", #"{"url":"http://10.0.0.3:80"}"#)
        admin.plane.untilSomeoneWaits()
        let answer = try admin.ask("DELETE", "/v1/backends/web-1?wait=20s")
        #expect(answer.status == 202)
        #expect(answer.field("Location")?.hasPrefix("/v1/operations/op-") == true)
        #expect(admin.plane.live.backend("web-1") == nil)
        withExtendedLifetime(waiting) {}
    }
}
