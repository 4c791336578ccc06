package import Model
import Synchronization

/// The live facts of one backend identity (name, pool, URL), two cache lines that no other backend's share.
///
/// Written by: workers (`inFlight`, `connections`, `failuresInRow`), the prober (`availability`, `servingSince`, `isSilent`),
/// the control side (the name, and the epoch, before the snapshot that says so is published). Read by all. Counts are relaxed: nobody orders other memory by them, and a drain's end is
/// looked at only after every worker has adopted the snapshot without the backend.
package struct LiveBackend: ~Copyable {
    private let inFlightCount: Atomic<Int32>
    private let connectionCount: Atomic<Int32>
    private let servingTime: Atomic<UInt64>
    private let failureCount: Atomic<UInt32>
    private let serverErrorCount: Atomic<UInt32>
    /// The epoch above, and the availability in the lowest eight bits: one word, so that no verdict of an earlier epoch can
    /// come after the new one has begun.
    private let standing: Atomic<UInt32>
    private let lastFailureValue: Atomic<UInt8>
    private let silentFlag: Atomic<Bool>
    private var nameCount: UInt8
    private var name: [64 of UInt8]
    /// Of those whose session is with this backend.
    package let oldestWaiter: OldestWaiter
    private var padding: [3 of UInt64]

    /// Requests that picked this backend and are not finished, over all workers.
    package var inFlight: Int { Int(inFlightCount.load(ordering: .relaxed)) }
    /// The same; what its workers counted of requests before they counted them out can be read after it.
    package var inFlightSettled: Int { Int(inFlightCount.load(ordering: .acquiring)) }
    /// Counts a request in, unless that would be more than `most` (0: any number).
    @inline(always)
    @_noLocks
    package func beginRequest(most: UInt32) -> Bool {
        guard most > 0 else {
            inFlightCount.wrappingAdd(1, ordering: .relaxed)
            return true
        }
        // Never above the limit, not for a moment either: somebody could take that for full, and note it when all have left.
        var count = inFlightCount.load(ordering: .relaxed)
        while count < Int32(clamping: most) {
            // Where it fails, another worker has got further.
            let (isDone, now) = inFlightCount.compareExchange(expected: count, desired: count &+ 1, ordering: .relaxed)
            if isDone { return true }
            count = now
        }
        return false
    }
    /// Whether one more request would be within `most`, as far as can be seen without counting it in.
    @inline(always)
    @_noLocks
    package func hasRoom(most: UInt32) -> Bool {
        most == 0 || inFlightCount.load(ordering: .relaxed) < Int32(clamping: most)
    }
    /// The same, in one order with the notes of the `FullBoard`.
    @_noLocks
    func hasRoomNow(most: UInt32) -> Bool {
        most == 0 || inFlightCount.load(ordering: .sequentiallyConsistent) < Int32(clamping: most)
    }
    /// Counts a request out. The `FullBoard` must hear of it (`left`), and is in one order with it.
    @inline(always)
    @_noLocks
    package func endRequest() { inFlightCount.wrappingSubtract(1, ordering: .sequentiallyConsistent) }

    /// Upstream connections, idle ones included. The slot is free for another identity only at 0.
    package var connections: Int { Int(connectionCount.load(ordering: .acquiring)) }
    @_noLocks
    package func addConnection() { connectionCount.wrappingAdd(1, ordering: .relaxed) }
    /// Releasing: whoever reads 0 may clear the slot.
    @_noLocks
    package func removeConnection() { connectionCount.wrappingSubtract(1, ordering: .releasing) }

    @inline(always)
    package var mayServe: Bool { standing.load(ordering: .relaxed) & 0xFF == UInt32(Availability.serving.rawValue) }
    package var availability: Availability {
        Availability(rawValue: UInt8(truncatingIfNeeded: standing.load(ordering: .relaxed))) ?? .starting
    }
    /// How often it has come, or come back (`LiveTable.readmit`): what was found out in an earlier epoch says nothing in this
    /// one.
    package var epoch: UInt32 { standing.load(ordering: .relaxed) >> 8 }
    /// Through `LiveTable.setAvailability` only: the workers must hear of it.
    /// - Returns: whether it is still in that epoch, and its availability was another.
    fileprivate func store(_ value: Availability, in epoch: UInt32) -> Bool {
        var known = standing.load(ordering: .relaxed)
        let wanted = epoch << 8 | UInt32(value.rawValue)
        while known >> 8 == epoch, known != wanted {
            let (isDone, found) = standing.compareExchange(expected: known, desired: wanted, ordering: .relaxed)
            if isDone { return true }
            known = found
        }
        return false
    }
    /// Through `LiveTable.readmit` only.
    fileprivate func beginEpoch(keepsSessions: Bool) -> UInt32 {
        var known = standing.load(ordering: .relaxed)
        while true {
            let epoch = (known >> 8 &+ 1) & 0xFF_FFFF
            let drains = known & 0xFF == UInt32(Availability.draining.rawValue)
            let first = keepsSessions && drains ? Availability.draining : .starting
            let (isDone, found) = standing.compareExchange(
                expected: known,
                desired: epoch << 8 | UInt32(first.rawValue),
                ordering: .relaxed
            )
            if isDone { return epoch }
            known = found
        }
    }
    /// When it began to serve, the last time; the origin of the clock before the first.
    @inline(always)
    package var servingSince: Instant { Instant(nanoseconds: servingTime.load(ordering: .relaxed)) }
    /// Before the availability says that it serves, or through `LiveTable.serveAnew`.
    package func setServingSince(_ now: Instant) { servingTime.store(now.nanoseconds, ordering: .relaxed) }

    /// Attempts that failed at it since the last one that did not, over all workers.
    package var failuresInRow: UInt32 { failureCount.load(ordering: .relaxed) }
    /// What the last of them ended in: a `Fault.Kind`.
    package var lastFailure: UInt8 { lastFailureValue.load(ordering: .relaxed) }
    /// - Returns: how many there have been in a row with this one; no two callers get the same number.
    package func countFailure(_ kind: UInt8) -> UInt32 {
        lastFailureValue.store(kind, ordering: .relaxed)
        return failureCount.wrappingAdd(1, ordering: .relaxed).newValue
    }
    /// Answers of status 500 and above since the last other one, over all workers.
    package var serverErrorsInRow: UInt32 { serverErrorCount.load(ordering: .relaxed) }
    /// - Returns: how many there have been in a row with this one; no two callers get the same number.
    package func countServerError() -> UInt32 { serverErrorCount.wrappingAdd(1, ordering: .relaxed).newValue }
    /// As `forgetFailures`.
    @inline(always)
    package func forgetServerErrors() {
        if serverErrorCount.load(ordering: .relaxed) != 0 { serverErrorCount.store(0, ordering: .relaxed) }
    }
    /// The line is written only when there is something to forget: every answer comes by here.
    @inline(always)
    package func forgetFailures() {
        if failureCount.load(ordering: .relaxed) != 0 { failureCount.store(0, ordering: .relaxed) }
    }

    /// Its last check heard nothing of it at all. While it is unhealthy, that means that nothing will come of what it has.
    package var isSilent: Bool { silentFlag.load(ordering: .relaxed) }
    package func setSilent(_ value: Bool) { silentFlag.store(value, ordering: .relaxed) }

    /// From the control side, while no snapshot names the slot. At most 64 bytes are kept.
    package mutating func begin(name text: String) {
        inFlightCount.store(0, ordering: .relaxed)
        connectionCount.store(0, ordering: .relaxed)
        _ = beginEpoch(keepsSessions: false)
        servingTime.store(0, ordering: .relaxed)
        failureCount.store(0, ordering: .relaxed)
        serverErrorCount.store(0, ordering: .relaxed)
        silentFlag.store(false, ordering: .relaxed)
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

/// What a worker may give to a backend. Zero is the first state of a new slot. The prober decides (`BackendMachine`).
package enum Availability: UInt8, Sendable {
    /// Nothing: it has no verdict yet.
    case starting
    /// Everything.
    case serving
    /// Nothing: its health check fails.
    case unhealthy
    /// Its check does not say so, but traffic failed on it: only what nobody else can take, backups included.
    case ejected
    /// Only what is bound to it: it drains, and its sessions go on.
    case draining
    /// Nothing at all: it is in maintenance, or drains and fails its health check.
    case maint
    /// Nothing: its health check fails, and has never passed, so that not even a panic makes it one to try.
    case unproven

    /// Its health check fails.
    package var isFailing: Bool { self == .unhealthy || self == .unproven }
}

/// What one worker counted for one backend, on two cache lines: written by that worker alone, read by whoever reports.
///
/// A served request writes the first line only. One writer, so a plain load and store suffice: no locked instruction on
/// the request path.
package struct BackendCounters: ~Copyable {
    private let attemptCount: Atomic<UInt64>
    private let reuseCount: Atomic<UInt64>
    private let idleCount: Atomic<Int32>
    private let streamCount: Atomic<Int32>
    private let bytesInCount: Atomic<UInt64>
    private let bytesOutCount: Atomic<UInt64>
    private let firstByteSum: Atomic<UInt64>
    private let totalSum: Atomic<UInt64>
    /// Finished requests of status 2xx; the other classes are on the second line.
    private let class2Count: Atomic<UInt64>

    private let otherClassCounts: [4 of Atomic<UInt64>]
    private let errorCount: Atomic<UInt64>
    private let openCount: Atomic<UInt64>
    private let connectSum: Atomic<UInt64>
    private let retriedAwayCount: Atomic<UInt64>

    /// Attempts: requests given to the backend.
    package var requests: UInt64 { attemptCount.load(ordering: .relaxed) }
    package var errors: UInt64 { errorCount.load(ordering: .relaxed) }
    package var idle: Int { Int(idleCount.load(ordering: .relaxed)) }
    /// Requests that have become tunnels and are open.
    package var streams: Int { Int(streamCount.load(ordering: .relaxed)) }
    package var bytesIn: UInt64 { bytesInCount.load(ordering: .relaxed) }
    package var bytesOut: UInt64 { bytesOutCount.load(ordering: .relaxed) }
    package var connectionsOpened: UInt64 { openCount.load(ordering: .relaxed) }
    package var connectionsReused: UInt64 { reuseCount.load(ordering: .relaxed) }
    package var retriedAway: UInt64 { retriedAwayCount.load(ordering: .relaxed) }
    package var connectSumNs: UInt64 { connectSum.load(ordering: .relaxed) }
    package var firstByteSumNs: UInt64 { firstByteSum.load(ordering: .relaxed) }
    package var totalSumNs: UInt64 { totalSum.load(ordering: .relaxed) }
    /// Finished requests.
    package var classes: ClassCounts {
        var counts = ClassCounts()
        counts[0] = otherClassCounts[0].load(ordering: .relaxed)
        counts[1] = class2Count.load(ordering: .relaxed)
        counts[2] = otherClassCounts[1].load(ordering: .relaxed)
        counts[3] = otherClassCounts[2].load(ordering: .relaxed)
        counts[4] = otherClassCounts[3].load(ordering: .relaxed)
        return counts
    }

    /// As `classes`, in two numbers.
    package var answers: RecentAnswers {
        var all = class2Count.load(ordering: .relaxed)
        for index in 0..<4 { all &+= otherClassCounts[index].load(ordering: .relaxed) }
        return RecentAnswers(all: all, failed: otherClassCounts[3].load(ordering: .relaxed))
    }

    @inline(always)
    package func countRequest() { attemptCount.add(1) }
    @inline(always)
    package func countError() { errorCount.add(1) }
    @inline(always)
    package func countReuse() { reuseCount.add(1) }
    package func countRetriedAway() { retriedAwayCount.add(1) }
    package func countOpened(afterNs connectNs: UInt64) {
        openCount.add(1)
        connectSum.add(connectNs)
    }
    @inline(always)
    package func addFirstByte(_ nanoseconds: UInt64) { firstByteSum.add(nanoseconds) }
    @inline(always)
    package func addTotal(_ nanoseconds: UInt64) { totalSum.add(nanoseconds) }
    @inline(always)
    package func changeIdle(by count: Int32) {
        idleCount.store(idleCount.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
    package func changeStreams(by count: Int32) {
        streamCount.store(streamCount.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }
    /// A request has ended.
    @inline(always)
    package func countFinished(status: UInt16, bytesIn: UInt64, bytesOut: UInt64) {
        switch status {
        case 200..<300: class2Count.add(1)
        case ..<200: otherClassCounts[0].add(1)
        case 300..<400: otherClassCounts[1].add(1)
        case 400..<500: otherClassCounts[2].add(1)
        default: otherClassCounts[3].add(1)
        }
        if bytesIn > 0 { bytesInCount.add(bytesIn) }
        bytesOutCount.add(bytesOut)
    }

    /// From the control side, when the slot gets a new identity. Idle connections and streams are there, or not.
    package func clear() {
        attemptCount.store(0, ordering: .relaxed)
        reuseCount.store(0, ordering: .relaxed)
        bytesInCount.store(0, ordering: .relaxed)
        bytesOutCount.store(0, ordering: .relaxed)
        firstByteSum.store(0, ordering: .relaxed)
        totalSum.store(0, ordering: .relaxed)
        class2Count.store(0, ordering: .relaxed)
        for index in 0..<4 { otherClassCounts[index].store(0, ordering: .relaxed) }
        errorCount.store(0, ordering: .relaxed)
        openCount.store(0, ordering: .relaxed)
        connectSum.store(0, ordering: .relaxed)
        retriedAwayCount.store(0, ordering: .relaxed)
    }
}

/// What one worker has ended for backends that drain: written by that worker alone. It only grows, over all identities that
/// use the slot; who reports takes differences.
package struct DrainCounters: ~Copyable {
    private let cutCount: Atomic<UInt64>
    private let streamCount: Atomic<UInt64>
    private let idleCount: Atomic<UInt64>
    private var padding: UInt64

    package var cut: UInt64 { cutCount.load(ordering: .relaxed) }
    package var streamsClosed: UInt64 { streamCount.load(ordering: .relaxed) }
    package var idleClosed: UInt64 { idleCount.load(ordering: .relaxed) }

    package func countCut() { cutCount.add(1) }
    package func countStreamClosed() { streamCount.add(1) }
    package func countIdleClosed() { idleCount.add(1) }
}

/// Requests that ended before they had a backend, by the pool they were meant for, on one worker.
package struct UnservedCounters: ~Copyable {
    private let counts: [5 of Atomic<UInt64>]

    package func count(status: UInt16) { counts[max(0, min(4, Int(status) / 100 - 1))].add(1) }

    package var classes: ClassCounts {
        var found = ClassCounts()
        for index in 0..<5 { found[index] = counts[index].load(ordering: .relaxed) }
        return found
    }

    /// From the control side, while no snapshot names the pool.
    package func clear() {
        for index in 0..<5 { counts[index].store(0, ordering: .relaxed) }
    }
}

/// The active checks of one backend: written by the prober alone.
package struct ProbeCounters: ~Copyable {
    private let passCount: Atomic<UInt64>
    private let failCount: Atomic<UInt64>
    private let lastTime: Atomic<UInt64>
    private let ejectionCount: Atomic<UInt64>

    package var passed: UInt64 { passCount.load(ordering: .relaxed) }
    package var failed: UInt64 { failCount.load(ordering: .relaxed) }
    /// When the last one ended; nil before the first.
    package var last: Instant? {
        let time = lastTime.load(ordering: .relaxed)
        return time == 0 ? nil : Instant(nanoseconds: time)
    }

    /// Times that failed traffic took it out of service.
    package var ejections: UInt64 { ejectionCount.load(ordering: .relaxed) }
    package func countEjection() { ejectionCount.add(1) }

    package func record(hasPassed: Bool, at now: Instant) {
        if hasPassed { passCount.add(1) } else { failCount.add(1) }
        lastTime.store(now.nanoseconds, ordering: .relaxed)
    }

    /// From the control side, while no snapshot names the slot.
    package func clear() {
        passCount.store(0, ordering: .relaxed)
        failCount.store(0, ordering: .relaxed)
        lastTime.store(0, ordering: .relaxed)
        ejectionCount.store(0, ordering: .relaxed)
    }
}

/// A pool's name, for the access log. Written by the control side before a snapshot names the pool.
package struct PoolName: ~Copyable {
    private var count: UInt8
    private var bytes: [64 of UInt8]

    /// At most 64 bytes are kept.
    package mutating func set(_ text: String) {
        count = 0
        for byte in text.utf8.prefix(64) {
            bytes[Int(count)] = byte
            count += 1
        }
    }

    package func append(to out: inout OutputRawSpan) {
        for index in 0..<Int(count) { out.append(bytes[index]) }
    }
}

/// A backend's own authority, for requests that name no host. Written by the control side before a snapshot names the slot:
/// it follows from the URL, which is part of the identity.
package struct BackendAuthority: ~Copyable {
    private var count: UInt16
    private var bytes: [262 of UInt8]

    /// A name of 253 bytes, a colon and a port, and a multiple of eight with the count.
    package static let bytesMax = 262

    /// Traps on more than `bytesMax` bytes.
    package mutating func set(_ text: String) {
        precondition(text.utf8.count <= Self.bytesMax)
        count = 0
        for byte in text.utf8 {
            bytes[Int(count)] = byte
            count += 1
        }
    }

    package func append(to out: inout OutputRawSpan) {
        for index in 0..<Int(count) { out.append(bytes[index]) }
    }
}

/// The rotation index of one pool, on a line of its own: the one place every worker writes per request. Hash pools, which
/// have no rotation, count their requests there.
package struct PoolTicket: ~Copyable {
    private let next: Atomic<UInt64>
    private let nextBackup: Atomic<UInt64>
    private let inFlightCount: Atomic<Int64>
    package let retryFloor: RetryFloor
    /// Of those that wait for any backend of the pool.
    package let oldestWaiter: OldestWaiter
    private var padding: [11 of UInt64]

    /// Requests in flight over all backends and workers; counted for pools whose algorithm asks for it.
    package var inFlight: Int { Int(inFlightCount.load(ordering: .relaxed)) }
    @inline(always)
    @_noLocks
    package func beginRequest() { inFlightCount.wrappingAdd(1, ordering: .relaxed) }
    @inline(always)
    @_noLocks
    package func endRequest() { inFlightCount.wrappingSubtract(1, ordering: .relaxed) }

    /// Numbers that no other worker gets.
    @inline(always)
    @_noLocks
    package func take() -> UInt64 { next.wrappingAdd(1, ordering: .relaxed).oldValue }
    /// The same for who serves when no other can: a rotation of their own, or requests that have taken turns among the others
    /// first would all meet the same one.
    @_noLocks
    package func takeBackup() -> UInt64 { nextBackup.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// How many requests wait for a backend with room, over all workers. Read with every request, and written only while some
/// wait, so it has its cache lines to itself.
package struct WaiterCount: ~Copyable {
    private let count: Atomic<Int64>
    private var padding: [15 of UInt64]

    @inline(always)
    package var isZero: Bool { count.load(ordering: .relaxed) == 0 }
    package func add(_ number: Int64) { count.wrappingAdd(number, ordering: .relaxed) }
}

/// All that the loops share about backends, by live slot. Made once, before the threads start.
package final class LiveTable: Sendable {
    /// Twice the backends there can be: those that were removed keep their slot until they have drained.
    package static let capacity = 32_768
    package static let poolCapacity = 512

    private let backendLines = ZeroedTable<LiveBackend>(count: LiveTable.capacity)
    private let ticketLines = ZeroedTable<PoolTicket>(count: LiveTable.poolCapacity)
    private let probeLines = ZeroedTable<ProbeCounters>(count: LiveTable.capacity)
    private let authorityTexts = ZeroedTable<BackendAuthority>(count: LiveTable.capacity)
    private let poolNames = ZeroedTable<PoolName>(count: LiveTable.poolCapacity)
    private let journalHead = ZeroedTable<JournalHead>(count: 1)
    private let fullWords = ZeroedTable<FullWord>(count: FullBoard.wordCount)
    private let journalEntries = ZeroedTable<JournalEntry>(count: Int(AvailabilityJournal.capacity))
    private let waiterLine = ZeroedTable<WaiterCount>(count: 1)
    /// The journal has one writer at a time: the prober, or the control side. No worker writes it.
    private let journalWriting = Mutex(())
    /// From workers to the prober.
    package let suspects = SuspectBoard()

    package init() {}

    package var journal: AvailabilityJournal {
        AvailabilityJournal(head: journalHead.view, entries: journalEntries.view)
    }

    private func noteInJournal(_ slot: UInt32) { journalWriting.withLock { _ in journal.note(slot) } }

    /// Says what workers may give to a backend, and tells them.
    /// - Parameter epoch: The one that the verdict is of; in another it says nothing, and nothing is done.
    package func setAvailability(_ slot: UInt32, _ value: Availability, in epoch: UInt32) {
        if backends[Int(slot)].store(value, in: epoch) { noteInJournal(slot) }
    }

    /// The same by whoever knows that nobody comes back meanwhile.
    package func setAvailability(_ slot: UInt32, _ value: Availability) {
        setAvailability(slot, value, in: backends[Int(slot)].epoch)
    }

    /// A backend has come back: it is given nothing from now on, until a verdict of the new epoch says so. To be called
    /// before the snapshot is posted that says it is back; whichever loop adopts that first then makes no difference.
    /// - Parameter keepsSessions: What a drain has left to it stays with it meanwhile.
    /// - Returns: the epoch, which the probe plan has to name.
    package func readmit(_ slot: UInt32, keepsSessions: Bool) -> UInt32 {
        let epoch = backends[Int(slot)].beginEpoch(keepsSessions: keepsSessions)
        noteInJournal(slot)
        return epoch
    }

    /// A backend that serves begins anew: its slow start is counted from now.
    package func serveAnew(_ slot: UInt32, at now: Instant) {
        backends[Int(slot)].setServingSince(now)
        noteInJournal(slot)
    }

    package var backends: ZeroedView<LiveBackend> { backendLines.view }
    package var full: FullBoard { FullBoard(fullWords.view) }
    package var tickets: ZeroedView<PoolTicket> { ticketLines.view }
    package var probes: ZeroedView<ProbeCounters> { probeLines.view }
    /// One element.
    package var waiters: ZeroedView<WaiterCount> { waiterLine.view }
    package var authorities: ZeroedView<BackendAuthority> { authorityTexts.view }
    /// By ticket.
    package var pools: ZeroedView<PoolName> { poolNames.view }
}

/// One worker's counters.
package final class WorkerCounters: Sendable {
    private let lines = ZeroedTable<BackendCounters>(count: LiveTable.capacity)
    private let latencyPages = ZeroedTable<BackendLatency>(count: LiveTable.capacity)
    private let drainLines = ZeroedTable<DrainCounters>(count: LiveTable.capacity)
    private let unservedLines = ZeroedTable<UnservedCounters>(count: LiveTable.poolCapacity + 1)
    private let eventLines = ZeroedTable<EventCounters>(count: 1)
    private let clientCount = Atomic<Int>(0)
    private let turnTime = Atomic<UInt64>(0)
    private let logDropCount = Atomic<UInt64>(0)

    package init() {}

    /// By live slot.
    package var backends: ZeroedView<BackendCounters> { lines.view }
    package var latencies: ZeroedView<BackendLatency> { latencyPages.view }
    package var drains: ZeroedView<DrainCounters> { drainLines.view }
    /// By ticket; the last is for requests that met no pool.
    package var unserved: ZeroedView<UnservedCounters> { unservedLines.view }
    /// One element.
    package var events: ZeroedView<EventCounters> { eventLines.view }

    /// From the control side, when the slot, which was somebody else's, gets a new identity.
    package func clear(_ slot: Int) {
        // A page that was never written stays untouched, and costs nothing.
        if lines.view[slot].requests > 0 { latencyPages.view[slot].clear() }
        lines.view[slot].clear()
    }

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
