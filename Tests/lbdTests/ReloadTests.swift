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

    /// A setting that is added to the model and forgotten here would be ignored in silence.
    @Test func everyLimitAndTimeoutIsNamed() {
        let base = ProcessSettings()
        let limits = Mirror(reflecting: base.limits).children.compactMap(\.label)
        let timeouts = Mirror(reflecting: base.timeouts).children.compactMap(\.label).filter { $0 != "stop" }
        let all = keys { settings in
            settings.limits.requestLineBytesMax += 1
            settings.limits.headBytesMax += 1
            settings.limits.fieldsMax += 1
            settings.limits.bodyBytesMax = 1
            settings.limits.connectionsMax = 1
            settings.limits.queueMax += 1
            settings.timeouts.connect = .seconds(999)
            settings.timeouts.queue = .seconds(999)
            settings.timeouts.clientHead = .seconds(999)
            settings.timeouts.clientIdle = .seconds(999)
            settings.timeouts.clientStall = .seconds(999)
            settings.timeouts.responseFirstByte = .seconds(999)
            settings.timeouts.responseStall = .seconds(999)
            settings.timeouts.upstreamIdle = .seconds(999)
            settings.timeouts.tunnelIdle = .seconds(999)
            settings.timeouts.tunnelEnd = .seconds(999)
        }
        #expect(all.count { $0.hasPrefix("limits.") } == limits.count)
        #expect(all.count { $0.hasPrefix("timeouts.") } == timeouts.count)
    }

    private func keys(_ change: (inout ProcessSettings) -> Void) -> [String] {
        var next = ProcessSettings()
        change(&next)
        return Reload.keysThatNeedRestart(from: ProcessSettings(), to: next)
    }
}
