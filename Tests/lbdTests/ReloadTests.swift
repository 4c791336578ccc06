import Model
import Testing

@testable import lbd

@Suite struct ReloadTests {
    @Test func nothingNeedsARestartWhenNothingHasChanged() {
        #expect(keys { _ in } == [])
    }

    @Test func whatIsTakenOverAtOnceNeedsNoRestart() {
        #expect(keys { $0.timeouts.stop = .seconds(1) } == [])
        #expect(keys { $0.accessLog = .path("/var/log/lb.log") } == [])
    }

    @Test func switchingTheAccessLogOffNeedsARestart() {
        #expect(keys { $0.accessLog = .off } == ["access_log"])
    }

    @Test func stateThatTheFileDoesNotNameIsNoChange() {
        var running = ProcessSettings()
        running.stateDirectory = "/var/lib/lb"
        #expect(Reload.keysThatNeedRestart(from: running, to: ProcessSettings()) == [])
        var next = running
        next.stateDirectory = "/srv/lb"
        #expect(Reload.keysThatNeedRestart(from: running, to: next) == ["state"])
    }

    @Test func ofLimitsAndTimeoutsOnlyTheTablesSizeNeedsARestart() {
        let all = keys { settings in
            settings.limits.headBytesMax += 1
            settings.limits.bodyBytesMax = 1
            settings.limits.connectionsMax = 1
            settings.limits.queueMax += 1
            settings.timeouts.connect = .seconds(999)
            settings.timeouts.tunnelEnd = .seconds(999)
            settings.trustedProxies = TrustedProxies(Network("10.0.0.0/8").map { [$0] } ?? [])
            settings.sendsForwarded = true
            settings.accessLogFormat = .json
        }
        #expect(all == ["limits.connections_max"])
    }

    private func keys(_ change: (inout ProcessSettings) -> Void) -> [String] {
        var next = ProcessSettings()
        change(&next)
        return Reload.keysThatNeedRestart(from: ProcessSettings(), to: next)
    }
}
