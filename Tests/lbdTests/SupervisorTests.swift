import Model
import Testing

@testable import lbd

@Suite struct SupervisorTests {
    @Test func withoutAServiceManagerNothingIsThere() {
        let supervisor = Supervisor(processID: 7) { _ in nil }
        #expect(supervisor.socket == nil)
        #expect(supervisor.watchdog == nil)
        #expect(supervisor.descriptors.isEmpty)
    }

    @Test func pathsAndAbstractNamesAreSocketsAndNothingElse() {
        #expect(read(["NOTIFY_SOCKET": "/run/systemd/notify"]).socket == "/run/systemd/notify")
        #expect(read(["NOTIFY_SOCKET": "@notify"]).socket == "@notify")
        #expect(read(["NOTIFY_SOCKET": "vsock:2:1234"]).socket == nil)
    }

    @Test func watchdogIsForTheProcessItNames() {
        let base = ["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "3000000"]
        #expect(read(base).watchdog == .seconds(3))
        #expect(read(base.merging(["WATCHDOG_PID": "7"]) { $1 }).watchdog == .seconds(3))
        #expect(read(base.merging(["WATCHDOG_PID": "8"]) { $1 }).watchdog == nil)
        #expect(read(["WATCHDOG_USEC": "3000000"]).watchdog == nil)
        for usec in ["0", "-1", "many", "9223372036854775807"] {
            #expect(read(["NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": usec]).watchdog == nil)
        }
    }

    @Test func descriptorsAreForTheProcessTheyName() {
        #expect(read(["LISTEN_PID": "7", "LISTEN_FDS": "2"]).descriptors == [3, 4])
        #expect(read(["LISTEN_PID": "8", "LISTEN_FDS": "2"]).descriptors.isEmpty)
        #expect(read(["LISTEN_FDS": "2"]).descriptors.isEmpty)
        for count in ["0", "-1", "254", "x"] {
            #expect(read(["LISTEN_PID": "7", "LISTEN_FDS": count]).descriptors.isEmpty)
        }
        #expect(read(["LISTEN_PID": "7", "LISTEN_FDS": "253"]).descriptors.count == 253)
    }

    @Test func statusNamesWhatIsDown() {
        #expect(Supervisor.sentence(plane([:])) == "0 of 0 backends serve")
        #expect(
            Supervisor.sentence(
                plane(["a": (.serving, nil), "b": (.unhealthy, "connect refused"), "c": (.draining, nil)])
            )
                == "1 of 2 backends serve; unhealthy: b (connect refused)"
        )
    }

    private func read(_ variables: [String: String]) -> Supervisor {
        Supervisor(processID: 7) { variables[$0] }
    }

    private func plane(_ backends: [String: (BackendPhase, String?)]) -> PlaneStatus {
        let statuses = backends.mapValues { phase, reason in
            BackendStatus(
                phase: phase,
                health: HealthStatus(
                    state: .unknown,
                    since: 0,
                    reason: reason,
                    consecutiveOK: 0,
                    consecutiveFailures: 0,
                    probes: []
                ),
                inFlight: 0,
                idleConnections: 0,
                requests: 0,
                errors: 0
            )
        }
        return PlaneStatus(backends: statuses, isTicking: true, isAccepting: true)
    }
}
