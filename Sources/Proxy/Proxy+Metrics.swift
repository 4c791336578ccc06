import CLinux
import HTTPWire
package import Model
import Synchronization

extension Proxy {
    package func metrics() -> MetricsSnapshot {
        var snapshot = MetricsSnapshot(at: clx_wall_ns(), startedAt: startedAt)
        let (counted, gone, tickets, slots) = control.withLock { control in
            reclaim(&control)
            let slots = Int(control.usedSlots) - control.freeSlots.count
            return (Self.counted(nil, control), control.gone, control.tickets, slots)
        }
        snapshot.slots = slots
        snapshot.gone = gone
        addBackends(to: &snapshot, counted)
        addUnserved(to: &snapshot, tickets)
        addEvents(to: &snapshot)
        snapshot.workers = loops.map { worker($0) }
        snapshot.logDrops = loops.reduce(0) { $0 + $1.counters.logDrops }
        snapshot.logWriteErrors = writer.writeErrors
        snapshot.process = ProcessFacts.read()
        return snapshot
    }

    package func durations(of names: Set<String>?) -> [String: RequestDurations] {
        let counted = control.withLock { control in
            reclaim(&control)
            return Self.counted(names, control)
        }
        var found: [String: RequestDurations] = [:]
        found.reserveCapacity(counted.count)
        // One for all: each would be a page of memory.
        var total = Histogram()
        // Of a name that drains and is there again, the present one stands first.
        for one in counted where !one.isGone && found[one.identity.name] == nil {
            total.clear()
            for loop in loops where loop.counters.backends[Int(one.slot)].requests > 0 {
                loop.counters.latencies[Int(one.slot)].total.add(to: &total)
            }
            found[one.identity.name] = RequestDurations(total)
        }
        return found
    }

    /// Somebody whose figures there are.
    private struct Counted {
        let identity: Identity
        let slot: UInt32
        var isDraining = false
        var isGone = false
    }

    /// Whose figures are asked for, nil being everybody's; the newest of one name first.
    private static func counted(_ names: Set<String>?, _ control: Control) -> [Counted] {
        func isAsked(_ name: String) -> Bool { names?.contains(name) ?? true }
        var found: [Counted] = []
        // Mostly one is asked for, and not to be looked for among thousands of names.
        let only = names?.count == 1 ? names?.first : nil
        let places =
            only.map { control.slots[$0].flatMap { control.seating.place(of: $0) }.map { $0..<$0 + 1 } ?? 0..<0 }
            ?? control.desired.backends.indices
        for place in places {
            let entry = control.desired.backends[place]
            guard isAsked(entry.name) else { continue }
            found.append(Counted(identity: Identity(entry), slot: control.seating.live(place)))
        }
        for (identity, slot) in control.draining where isAsked(identity.name) {
            found.append(Counted(identity: identity, slot: slot, isDraining: true))
        }
        for one in control.departed.reversed() where isAsked(one.identity.name) {
            found.append(Counted(identity: one.identity, slot: one.slot, isDraining: true, isGone: true))
        }
        return found
    }

    /// One entry for each pool and name: where a backend was replaced by one of the same name, the older one's figures would
    /// be a second series of the same labels.
    private func addBackends(to snapshot: inout MetricsSnapshot, _ counted: [Counted]) {
        struct Key: Hashable {
            let pool: String
            let name: String
        }
        var seen = Set<Key>()
        let now = Instant(nanoseconds: clx_monotonic_ns())
        snapshot.backends.reserveCapacity(counted.count)
        for one in counted {
            guard seen.insert(Key(pool: one.identity.pool, name: one.identity.name)).inserted else {
                // Its figures are no series of their own, and part of the sums.
                snapshot.gone[one.identity.pool, default: GoneMetrics()].add(self.counted(one.slot))
                continue
            }
            var found = backend(one.identity, one.slot, isDraining: one.isDraining, now)
            found.isGone = one.isGone
            snapshot.backends.append(found)
        }
        snapshot.backends.sort { ($0.pool, $0.name) < ($1.pool, $1.name) }
    }

    /// What sums keep of a slot's figures.
    func counted(_ slot: UInt32) -> GoneMetrics {
        var found = GoneMetrics()
        for loop in loops {
            let counters = loop.counters.backends
            guard counters[Int(slot)].requests > 0 else { continue }
            found.requests.add(counters[Int(slot)].classes)
            found.attempts &+= counters[Int(slot)].requests
            found.errors &+= counters[Int(slot)].errors
            found.retriedAway &+= counters[Int(slot)].retriedAway
            found.bytesIn &+= counters[Int(slot)].bytesIn
            found.bytesOut &+= counters[Int(slot)].bytesOut
        }
        return found
    }

    private func backend(_ identity: Identity, _ slot: UInt32, isDraining: Bool, _ now: Instant) -> BackendMetrics {
        let at = Int(slot)
        let status = status(slot, isDraining: isDraining)
        var found = BackendMetrics(name: identity.name, pool: identity.pool, phase: status.phase)
        found.attempts = status.requests
        found.errors = status.errors
        found.idleConnections = status.idleConnections
        found.inFlight = status.inFlight
        found.connections = live.backends[at].connections
        found.probesPassed = live.probes[at].passed
        found.probesFailed = live.probes[at].failed
        found.ejections = live.probes[at].ejections
        found.lastCheckAgeNs = live.probes[at].last.map { now.since($0) }
        for loop in loops {
            let counters = loop.counters.backends
            // A worker that never had a request for it has nothing to add, and its page stays untouched.
            guard counters[at].requests > 0 else { continue }
            found.add(counters[at])
            let latencies = loop.counters.latencies
            latencies[at].connect.add(to: &found.connect)
            latencies[at].firstByte.add(to: &found.firstByte)
            latencies[at].total.add(to: &found.total)
        }
        return found
    }

    private func addUnserved(to snapshot: inout MetricsSnapshot, _ tickets: [String: UInt32]) {
        func classes(_ line: Int) -> ClassCounts {
            var sum = ClassCounts()
            for loop in loops { sum.add(loop.counters.unserved[line].classes) }
            return sum
        }
        snapshot.unserved.append(UnservedMetrics(pool: "", requests: classes(LiveTable.poolCapacity)))
        for (name, ticket) in tickets.sorted(by: { $0.key < $1.key }) {
            snapshot.unserved.append(UnservedMetrics(pool: name, requests: classes(Int(ticket))))
        }
    }

    private func addEvents(to snapshot: inout MetricsSnapshot) {
        let events = loops.map(\.counters.events)
        snapshot.underscoreFieldsDropped = events.reduce(0) { $0 + $1[0].underscoreFieldsDropped }
        snapshot.retriesDenied = events.reduce(0) { $0 + $1[0].retriesDenied }
        for kind in Fault.Kind.allCases where kind != .none {
            let word = "\(Fault(kind, .none, .parse).cause)"
            for side in Fault.Side.allCases where side != .none {
                let count = events.reduce(0) { $0 + $1[0].faults(kind: kind.rawValue, side: side.rawValue) }
                if count > 0 { snapshot.faults.append(FaultCount(kind: word, side: "\(side)", count: count)) }
            }
            let retries = events.reduce(0) { $0 + $1[0].retries(kind: kind.rawValue) }
            if retries > 0 { snapshot.retries.append(RetryCount(reason: word, count: retries)) }
        }
        for error in H1Error.allCases {
            for isUpstream in [false, true] {
                let count = events.reduce(0) { $0 + $1[0].glitches(error, isUpstream: isUpstream) }
                guard count > 0 else { continue }
                let side = isUpstream ? "upstream" : "downstream"
                snapshot.glitches.append(GlitchCount(kind: "\(error.slug)", side: side, count: count))
            }
        }
    }

    private func worker(_ loop: Loop) -> WorkerMetrics {
        let events = loop.counters.events
        var found = WorkerMetrics()
        found.clients = loop.counters.clients
        found.accepted = events[0].accepted
        found.shed = events[0].shed
        found.acceptPauses = events[0].acceptPauses
        found.exchanges = events[0].exchanges
        found.waiting = events[0].waiting
        events[0].addLag(to: &found.lag)
        return found
    }
}

extension BackendMetrics {
    /// Adds what one worker counted.
    ///
    /// Sums wrap, as the counters themselves do: time adds up for each request that is under way, so that 100,000 at once
    /// come to the end of 64 bits of nanoseconds in two days.
    package mutating func add(_ counters: borrowing BackendCounters) {
        requests.add(counters.classes)
        streams += counters.streams
        retriedAway &+= counters.retriedAway
        bytesIn &+= counters.bytesIn
        bytesOut &+= counters.bytesOut
        connectionsOpened &+= counters.connectionsOpened
        connectionsReused &+= counters.connectionsReused
        connect.sumNs &+= counters.connectSumNs
        firstByte.sumNs &+= counters.firstByteSumNs
        total.sumNs &+= counters.totalSumNs
    }
}
