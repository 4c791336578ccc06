import Glibc
import Model

/// What the daemon tells the person who runs it: lines on standard error, each with the program's name in front.
///
/// Nobody waits for standard error: see `JournalWriter`.
enum Journal {
    private static let writer = JournalWriter(descriptor: STDERR_FILENO)

    /// One line, whole, whichever thread writes it. Control characters are spelled out: what others send is in many lines.
    static func line(_ text: String) { writer.put("lbd: \(text.onOneLine)\n") }

    /// Text of our own that may be several lines, as it is, with its last line break.
    static func text(_ text: String) { writer.put(text) }

    /// Before the process ends: gives what was said a moment to be read.
    static func flush() { writer.flush(milliseconds: 500) }

    /// Writes a line for every change of a backend's health, from a thread of its own, until the process ends.
    ///
    /// - Parameters:
    ///   - before: What has been told already, so that nothing is told twice.
    ///   - sequence: The last transition that is part of it.
    static func followHealth(of plane: any ControlPlane, from before: [String: BackendStatus], after sequence: UInt64) {
        Thread.start {
            var known = before.mapValues(\.phase)
            var told = sequence
            var seen: UInt64 = 0
            var publication: UInt64?
            // Removed, and not finished when last looked at.
            var leaving: Set<String> = []
            while true {
                seen = plane.awaitChange(after: seen, timeout: .seconds(3600))
                let began = System.monotonicNanoseconds()
                for change in plane.transitions(after: told) {
                    told = change.sequence
                    known[change.backend] = change.to
                    line(sentence(change))
                }
                // Who has come, and who was removed and finishes, is no transition; everything else is a check's end.
                let newest = plane.publications
                if publication == newest, leaving.isEmpty { continue }
                publication = newest
                let backends = plane.status().backends
                let changed = backends.filter { known[$0.key] != $0.value.phase }
                for (name, status) in changed.sorted(by: { $0.key < $1.key }) {
                    let isNew = known[name] == nil
                    known[name] = status.phase
                    if status.phase == .draining { leaving.insert(name) }
                    if isNew || status.phase == .draining { line(sentence(name, status)) }
                }
                leaving = leaving.filter { backends[$0]?.phase == .draining }
                for name in known.keys.filter({ backends[$0] == nil }).sorted() {
                    known[name] = nil
                    line("backend \(name) is gone")
                }
                System.sleep(milliseconds: Pace.rest(since: began))
            }
        }
    }

    /// `backend web-2 is unhealthy: timeout after 2s (2 in a row)`
    static func sentence(_ change: HealthTransition) -> String {
        var words = "backend \(change.backend) is \(phrase(change.to)): \(change.cause)"
        if change.to == .unhealthy, change.afterFailures > 1 { words += " (\(change.afterFailures) in a row)" }
        if change.isFlapping { words += "; it is flapping" }
        return words
    }

    private static func sentence(_ name: String, _ status: BackendStatus) -> String {
        switch status.phase {
        case .starting: "backend \(name) is starting: its first health check is under way"
        case .draining: "backend \(name) is draining: \(status.inFlight) in flight"
        case .serving, .unhealthy, .ejected, .maint:
            "backend \(name) is \(phrase(status.phase))\(status.health.reason.map { ": \($0)" } ?? "")"
        }
    }

    private static func phrase(_ phase: BackendPhase) -> String {
        phase == .maint ? "in maintenance" : phase.rawValue
    }
}

/// The pace of those that look at all backends.
enum Pace {
    /// How long to rest after a look, in milliseconds.
    ///
    /// With thousands of backends a look takes long: between two it rests so long that it uses a fiftieth of a core at most.
    static func rest(since began: Int64) -> Int64 {
        min((System.monotonicNanoseconds() - began) / 20_000, 5000)
    }
}

/// A thread that runs to the end of the process.
enum Thread {
    /// False when the system has no thread to give; then `body` never runs.
    @discardableResult
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let box = unsafe Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        // SAFETY: the new thread takes over the one reference to the body; without a thread it is given back here.
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            },
            box.toOpaque()
        )
        if result != 0 { unsafe box.release() }
        return result == 0
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
