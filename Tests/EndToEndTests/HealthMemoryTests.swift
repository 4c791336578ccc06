import Foundation
import Glibc
import Synchronization
import Testing

/// A restart begins with what was known of the backends, however the process ended.
@Suite struct HealthMemoryTests {
    enum End: CaseIterable {
        case orderly
        case killed
    }

    let bed = TestBed()

    /// After the restart no check is answered until the test says so: what is known until then is remembered.
    @Test(arguments: End.allCases) func restartBeginsWithTheHealthThatWasKnown(_ end: End) throws {
        let isWell = Mutex(true)
        let isHeld = Mutex(false)
        let gate = bed.gate()
        func backend(_ name: String, _ status: @escaping @Sendable () -> Int) throws -> RawBackend {
            try bed.rawBackend { request, connection in
                let isProbe = request.field("user-agent") == "lb-health-check"
                if isProbe, isHeld.withLock({ $0 }) { try gate.pass() }
                let code = isProbe ? status() : 200
                try connection.send("HTTP/1.1 \(code) Said\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)")
                return .keep
            }
        }
        let well = try backend("well") { 200 }
        let ill = try backend("ill") { isWell.withLock { $0 } ? 200 : 500 }
        let yaml = """
            health_check: {path: /health, interval: 60s, timeout: 60s, fall: 1}
            backends: {well: "\(well.url)", ill: "\(ill.url)"}
            """
        let state = bed.path("state")
        let first = try bed.lbd(yaml: yaml, state: state)
        let revision = try #require(try first.ask("GET", "/v1/backends").field("LB-Revision"))
        // One that has never passed a check is not known to be anything: it has served, and fails since.
        isWell.withLock { $0 = false }
        let patch = try first.ask("PATCH", "/v1/backends/ill", body: #"{"health_check":{"path":"/health?again"}}"#)
        #expect(patch.status == 200, "\(patch.text)")
        // What has been told of is kept.
        try eventually("the verdict is told", hint: first.log) {
            let told = try first.ask("GET", "/v1/events?type=health&after=\(revision)&follow=false").text
            return told.contains(#""to":"unhealthy""#)
        }
        isHeld.withLock { $0 = true }
        switch end {
        case .orderly: #expect(try first.stop() == .exited(0))
        case .killed: first.kill()
        }

        let second = try bed.lbd(yaml: yaml, state: state, until: .listening)
        let backends = try second.backends()
        #expect(backends["well"]?.status.phase == "serving")
        #expect(backends["ill"]?.status.phase == "unhealthy")
        #expect(backends["ill"]?.status.health.reason == "status 500")
        #expect(try second.bodies(4) == ["well", "well", "well", "well"])
        #expect(ill.requests.isEmpty)

        // They are checked at once all the same, and what that says counts.
        isWell.withLock { $0 = true }
        gate.open()
        try eventually("it serves", hint: second.log) { try second.backends()["ill"]?.status.phase == "serving" }
        #expect(Set(try second.bodies(4)) == ["well", "ill"])
    }
}
