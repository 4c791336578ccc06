import Synchronization

/// The live facts of one backend identity (name, pool, URL), two cache lines that no other backend's share.
///
/// Written by: workers (`inFlight`, `connections`), the prober (`availability`), the control side (the name, before the
/// slot is published). Read by all. Counts are relaxed: nobody orders other memory by them, and a drain's end is
/// looked at only after every worker has adopted the snapshot without the backend.
package struct LiveBackend: ~Copyable {
    private let inFlightCount: Atomic<Int32>
    private let connectionCount: Atomic<Int32>
    private let availabilityValue: Atomic<UInt8>
    private var nameCount: UInt8
    private var name: [64 of UInt8]
    private var padding: [6 of UInt64]

    /// Requests that picked this backend and are not finished, over all workers.
    package var inFlight: Int { Int(inFlightCount.load(ordering: .relaxed)) }
    /// Counts a request in, unless that would be more than `most` (0: any number).
    @inline(always)
    package func beginRequest(most: UInt32) -> Bool {
        let count = inFlightCount.wrappingAdd(1, ordering: .relaxed).newValue
        guard most == 0 || count <= Int32(clamping: most) else {
            inFlightCount.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }
    /// Whether one more request would be within `most`, as far as can be seen without counting it in.
    @inline(always)
    package func hasRoom(most: UInt32) -> Bool {
        most == 0 || inFlightCount.load(ordering: .relaxed) < Int32(clamping: most)
    }
    @inline(always)
    package func endRequest() { inFlightCount.wrappingSubtract(1, ordering: .relaxed) }

    /// Upstream connections, idle ones included. The slot is free for another identity only at 0.
    package var connections: Int { Int(connectionCount.load(ordering: .acquiring)) }
    package func addConnection() { connectionCount.wrappingAdd(1, ordering: .relaxed) }
    /// Releasing: whoever reads 0 may clear the slot.
    package func removeConnection() { connectionCount.wrappingSubtract(1, ordering: .releasing) }

    @inline(always)
    package var mayServe: Bool { availabilityValue.load(ordering: .relaxed) == Availability.serving.rawValue }
    package var availability: Availability {
        Availability(rawValue: availabilityValue.load(ordering: .relaxed)) ?? .starting
    }
    package func setAvailability(_ value: Availability) { availabilityValue.store(value.rawValue, ordering: .relaxed) }

    /// From the control side, while no snapshot names the slot. At most 64 bytes are kept.
    package mutating func begin(name text: String) {
        inFlightCount.store(0, ordering: .relaxed)
        connectionCount.store(0, ordering: .relaxed)
        availabilityValue.store(Availability.starting.rawValue, ordering: .relaxed)
        nameCount = 0
        for byte in text.utf8.prefix(64) {
            name[Int(nameCount)] = byte
            nameCount += 1
        }
    }

    /// Appends the backend's name, for the access log.
    package func appendName(to out: inout OutputRawSpan) {
        for index in 0..<Int(nameCount) { out.append(name[index]) }
    }
}

/// Whether a backend may be picked. Zero is the first state of a new slot.
package enum Availability: UInt8, Sendable {
    case starting
    case serving
    case unhealthy
}

/// What one worker counted for one backend: written by that worker alone, read by whoever reports.
package struct BackendCounters: ~Copyable {
    private let requestCount: Atomic<UInt64>
    private let errorCount: Atomic<UInt64>
    private let idleCount: Atomic<Int64>
    private var padding: [5 of UInt64]

    package var requests: UInt64 { requestCount.load(ordering: .relaxed) }
    package var errors: UInt64 { errorCount.load(ordering: .relaxed) }
    package var idle: Int { Int(idleCount.load(ordering: .relaxed)) }

    // One writer, so a plain load and store suffice: no locked instruction on the request path.

    @inline(always)
    package func countRequest() { requestCount.store(requests &+ 1, ordering: .relaxed) }
    @inline(always)
    package func countError() { errorCount.store(errors &+ 1, ordering: .relaxed) }
    @inline(always)
    package func changeIdle(by count: Int64) {
        idleCount.store(idleCount.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
    /// From the control side, when the slot gets a new identity.
    package func clear() {
        requestCount.store(0, ordering: .relaxed)
        errorCount.store(0, ordering: .relaxed)
    }
}

/// The rotation index of one pool, on a line of its own: the one place every worker writes per request.
package struct PoolTicket: ~Copyable {
    private let next: Atomic<UInt64>
    private var padding: [15 of UInt64]

    /// Numbers that no other worker gets.
    @inline(always)
    package func take() -> UInt64 { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// All that the loops share about backends, by live slot. Made once, before the threads start.
package final class LiveTable: Sendable {
    /// Twice the backends there can be: those that were removed keep their slot until they have drained.
    package static let capacity = 32_768
    package static let poolCapacity = 512

    private let backendLines = ZeroedTable<LiveBackend>(count: LiveTable.capacity)
    private let ticketLines = ZeroedTable<PoolTicket>(count: LiveTable.poolCapacity)

    package init() {}

    package var backends: ZeroedView<LiveBackend> { backendLines.view }
    package var tickets: ZeroedView<PoolTicket> { ticketLines.view }
}

/// One worker's counters.
package final class WorkerCounters: Sendable {
    private let lines = ZeroedTable<BackendCounters>(count: LiveTable.capacity)
    private let clientCount = Atomic<Int>(0)
    private let turnTime = Atomic<UInt64>(0)
    private let logDropCount = Atomic<UInt64>(0)

    package init() {}

    /// By live slot.
    package var backends: ZeroedView<BackendCounters> { lines.view }

    /// Client connections open on this worker; written by it alone.
    package var clients: Int { clientCount.load(ordering: .relaxed) }
    package func setClients(_ count: Int) { clientCount.store(count, ordering: .relaxed) }
    /// When this loop last turned; written by it alone.
    package var lastTurn: Instant { Instant(nanoseconds: turnTime.load(ordering: .relaxed)) }
    @inline(always)
    package func setLastTurn(_ now: Instant) { turnTime.store(now.nanoseconds, ordering: .relaxed) }
    /// Access log lines that found the ring full.
    package var logDrops: UInt64 { logDropCount.load(ordering: .relaxed) }
    package func countLogDrop() { logDropCount.wrappingAdd(1, ordering: .relaxed) }
}
