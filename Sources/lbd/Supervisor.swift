import Glibc
import Model

/// The service manager that started the process, if one did, spoken to as systemd defines it and without its library:
/// sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3).
struct Supervisor: Sendable {
    /// Where notifications go; nil when nobody wants any.
    let socket: String?
    /// How often it wants to hear that all is well; nil when it does not watch.
    let watchdog: TimeSpan?
    /// Sockets that it has bound for us, by number.
    let descriptors: [Int32]

    /// The first descriptor that is passed: SD_LISTEN_FDS_START.
    static let firstDescriptor: Int32 = 3
    /// More than these are a mistake.
    static let descriptorsMax: Int32 = 253

    /// - Parameters:
    ///   - variable: the environment.
    ///   - processID: ours; what is meant for another process is not for us.
    init(processID: Int32, variable: (String) -> String?) {
        let place = variable("NOTIFY_SOCKET")
        // What else systemd may say here (vsock) is for virtual machines.
        socket = place.flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isWatched = variable("WATCHDOG_PID").map { Int32($0) == processID } ?? true
        watchdog =
            isWatched && socket != nil
            ? variable("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap(Self.span(microseconds:)) : nil
        if variable("LISTEN_PID").flatMap({ Int32($0) }) == processID,
            let count = variable("LISTEN_FDS").flatMap({ Int32($0) }), (1...Self.descriptorsMax).contains(count)
        {
            descriptors = (0..<count).map { Self.firstDescriptor + $0 }
        } else {
            descriptors = []
        }
    }

    /// Nil for what cannot be meant.
    private static func span(microseconds: Int64) -> TimeSpan? {
        (1...TimeSpan.longest.nanoseconds / 1000).contains(microseconds)
            ? TimeSpan(nanoseconds: microseconds * 1000) : nil
    }

    /// Sends assignments such as `READY=1`, one a line. A service manager that does not listen is its own affair.
    func tell(_ assignments: String...) {
        guard let socket else { return }
        // A reason that a backend's answer has a part in must not become an assignment of its own.
        System.send(assignments.map(\.onOneLine).joined(separator: "\n"), toSocket: socket)
    }

    /// Keeps the watchdog quiet and the status line true, from a thread of its own, until the process ends.
    ///
    /// The watchdog hears from us only while every event loop turns: one that is stuck makes it restart the process.
    func follow(_ plane: any ControlPlane, log: @escaping @Sendable (String) -> Void) {
        guard socket != nil else { return }
        Thread.start { [self] in
            // Half the interval, as sd_watchdog_enabled(3) recommends.
            let period = watchdog.map { TimeSpan(nanoseconds: $0.nanoseconds / 2) } ?? .seconds(3600)
            var seen = plane.changes
            var told = ""
            var nextPing = System.monotonicNanoseconds()
            var isStuck = false
            while true {
                let now = System.monotonicNanoseconds()
                let status = plane.status()
                if watchdog != nil, now >= nextPing {
                    nextPing = now + period.nanoseconds
                    if status.isTicking { tell("WATCHDOG=1") }
                    if isStuck == status.isTicking {
                        isStuck = !status.isTicking
                        log(
                            isStuck
                                ? "an event loop is stuck: the watchdog hears no more from us"
                                : "all event loops turn again"
                        )
                    }
                }
                let text = Self.sentence(status)
                if text != told, status.isAccepting { tell("STATUS=\(text)") }
                told = text
                func untilPing() -> Int64 {
                    watchdog == nil ? period.nanoseconds : nextPing - System.monotonicNanoseconds()
                }
                System.sleep(milliseconds: min(Pace.rest(since: now), max(0, untilPing() / 1_000_000)))
                let wait = TimeSpan(nanoseconds: max(1, untilPing()))
                seen = plane.awaitChange(after: seen, timeout: wait)
            }
        }
    }

    /// `2 of 3 backends serve; unhealthy: web-2 (connect refused)`
    static func sentence(_ status: PlaneStatus) -> String {
        let present = status.backends.filter { $0.value.phase != .draining }
        let serving = present.count { $0.value.phase == .serving }
        var text = "\(serving) of \(present.count) backend\(present.count == 1 ? "" : "s") serve"
        let down = present.filter { $0.value.phase == .unhealthy }.sorted { $0.key < $1.key }
        if !down.isEmpty {
            let names = down.prefix(5).map { "\($0.key) (\($0.value.health.reason ?? "no reason given"))" }
            text += "; unhealthy: " + names.joined(separator: ", ") + (down.count > 5 ? ", …" : "")
        }
        return text
    }
}
