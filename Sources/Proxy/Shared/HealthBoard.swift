package import Model
import Synchronization

/// What the prober found, for people to read: verdicts, reasons and the last probes, by live slot.
///
/// Written by the prober, read by the admin side, under a lock that no worker ever takes (what a worker needs is
/// `LiveBackend.availability`).
package final class HealthBoard: Sendable {
    private let entries = Mutex<[UInt32: HealthStatus]>([:])

    package init() {}

    package func set(_ slot: UInt32, _ status: HealthStatus) { entries.withLock { $0[slot] = status } }
    package func remove(_ slot: UInt32) { _ = entries.withLock { $0.removeValue(forKey: slot) } }
    package func status(_ slot: UInt32) -> HealthStatus? { entries.withLock { $0[slot] } }
    package func all() -> [UInt32: HealthStatus] { entries.withLock { $0 } }
}
