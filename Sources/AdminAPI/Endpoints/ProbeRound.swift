import Model
import Synchronization

/// Health checks of several backends at once, asked for by one request: `dry_run=probe`.
final class ProbeRound: Sendable {
    struct Job: Sendable {
        let name: String
        let spec: BackendSpec
        let check: HealthCheckSpec
    }

    private struct Progress {
        var next = 0
        var reports: [String: ProbeReport] = [:]
    }

    /// Backends beyond it are not probed, and their plan says so.
    static let jobsMax = 64
    private static let atOnceMax = 16

    private let jobs: [Job]
    private let plane: any ControlPlane
    private let progress = Mutex(Progress())
    /// Rings when the last report has come.
    private let bell: Alarm

    /// Nil when no descriptor is left.
    private init?(_ jobs: [Job], _ plane: any ControlPlane) {
        guard let bell = Alarm() else { return nil }
        self.jobs = jobs
        self.plane = plane
        self.bell = bell
    }

    /// Runs them all, and returns when the last has ended: a check ends by its timeout.
    static func run(_ jobs: [Job], on plane: any ControlPlane) -> [String: ProbeReport] {
        guard !jobs.isEmpty, let round = ProbeRound(jobs, plane) else { return [:] }
        for _ in 1..<max(1, min(jobs.count, atOnceMax)) { _ = Threads.start { round.work() } }
        // This thread works too, so that they get done where there are no threads to be had.
        round.work()
        let longest = jobs.map(\.check.timeout).max() ?? .zero
        _ = Sockets.waitForAny(
            [round.bell.descriptor],
            until: .after(TimeSpan(nanoseconds: longest.nanoseconds + grace.nanoseconds))
        )
        return round.progress.withLock { $0.reports }
    }

    /// For the look-up of names.
    private static let grace = TimeSpan.seconds(10)

    private func work() {
        while let job = next() {
            let report = plane.probe(job.spec, with: job.check)
            let isLast = progress.withLock { progress in
                progress.reports[job.name] = report
                return progress.reports.count == jobs.count
            }
            if isLast { bell.ring() }
        }
    }

    private func next() -> Job? {
        progress.withLock { progress in
            guard progress.next < jobs.count else { return nil }
            progress.next += 1
            return jobs[progress.next - 1]
        }
    }
}

extension ProbeReport {
    /// `{address, ms, http, error}`
    var document: JSONValue {
        [
            "address": .string(address), "ms": .double(Double(totalNs / 1000) / 1000), "http": .count(status),
            "error": .text(failure),
        ]
    }
}
