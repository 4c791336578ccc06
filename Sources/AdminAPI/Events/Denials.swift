import Model
import Synchronization

/// Tells of requests that were not let in, to the stream and to the audit; of a flood of them only so many, so that
/// who is not let in cannot make the disk busy.
final class Denials: Sendable {
    private let state: ConfigState
    private let log: EventLog
    private let meter: Mutex<Meter>

    private struct Meter {
        var room: Int
        var refilledAt: Int64
        /// Not told since the last that was.
        var suppressed: UInt64 = 0
    }

    /// Told at once, and then so many a second.
    static let burstMax = 20
    static let perSecond: Int64 = 5

    init(state: ConfigState, log: EventLog) {
        self.state = state
        self.log = log
        meter = Mutex(Meter(room: Self.burstMax, refilledAt: MonotonicClock.now()))
    }

    /// - Parameter caller: Who was not let in, where that is known.
    func tell(_ problem: Problem, _ request: AdminRequest, _ caller: Caller?) {
        guard let suppressed = admit() else { return }
        var members: JSONObject = [
            "code": .string(problem.kind.rawValue), "status": .count(problem.kind.status),
            "method": .string(Self.short(request.methodText)), "path": .string(Self.short(request.path)),
            "detail": .string(problem.detail), "request_id": .string(request.id),
            "actor": [
                "name": .string(caller?.name ?? request.peer), "via": .string((caller?.way ?? .network).rawValue),
                "ip": .text(request.localAddress == nil ? nil : request.peer),
            ],
        ]
        if suppressed > 0 { members["suppressed"] = .counter(suppressed) }
        let draft = EventDraft(.adminDenied, members)
        let event = state.number { number in
            let event = draft.numbered(number)
            log.append(event)
            return event
        }
        state.keepDenial(event)
    }

    /// How many were passed over before this one; nil when it is to be passed over too.
    private func admit() -> UInt64? {
        meter.withLock { meter in
            let now = MonotonicClock.now()
            let earned = (now - meter.refilledAt) / (1_000_000_000 / Self.perSecond)
            if earned > 0 {
                meter.room = min(Self.burstMax, meter.room + Int(clamping: earned))
                meter.refilledAt = now
            }
            guard meter.room > 0 else {
                meter.suppressed += 1
                return nil
            }
            meter.room -= 1
            defer { meter.suppressed = 0 }
            return meter.suppressed
        }
    }

    /// What an attacker sends is his choice, and how much of it is kept is ours.
    private static func short(_ text: String) -> String { String(text.prefix(200)) }
}
