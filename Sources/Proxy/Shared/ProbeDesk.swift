package import Model
import Synchronization

/// Health checks that are to be run once, now, and what came of them.
///
/// Written by the control side (`order`, `withdraw`) and the prober (`take`, `report`), under a lock that no worker takes.
package final class ProbeDesk: Sendable {
    package struct Order: Sendable {
        package let number: UInt64
        package let plan: ProbePlan
    }

    /// More than this many at once are refused: each is a socket, and somebody who waits.
    package static let ordersMax = 64

    private struct State {
        var last: UInt64 = 0
        var waiting: [Order] = []
        /// By number; nil while it runs.
        var open: [UInt64: ProbeReport?] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// - Returns: the order's number, or nil when too many are open.
    package func order(_ plan: ProbePlan) -> UInt64? {
        state.withLock { state in
            guard state.open.count < Self.ordersMax else { return nil }
            state.last += 1
            state.open[state.last] = .some(nil)
            state.waiting.append(Order(number: state.last, plan: plan))
            return state.last
        }
    }

    /// From the prober: what is to be run.
    package func take() -> [Order] {
        state.withLock { state in
            defer { state.waiting.removeAll() }
            return state.waiting
        }
    }

    /// From the prober. Nobody may wait for it any longer.
    package func report(_ number: UInt64, _ report: ProbeReport) {
        state.withLock { if $0.open[number] != nil { $0.open[number] = report } }
    }

    /// The report, once there is one; the order is then closed.
    package func collect(_ number: UInt64) -> ProbeReport? {
        state.withLock { state in
            guard let report = state.open[number] ?? nil else { return nil }
            state.open[number] = nil
            return report
        }
    }

    /// Nobody waits for it any longer.
    package func withdraw(_ number: UInt64) { state.withLock { $0.open[number] = nil } }
}
