import HTTPWire
import Model

/// The active health checks of all backends, and with them the one place where a backend's state changes, on a loop of
/// their own: one probe at a time per backend, all backends in parallel, each probe on a fresh connection and with its own
/// deadline, so that one black hole delays nobody.
///
/// This file has what is about backends: who is checked when, and what follows from it. How one check goes is in
/// `Prober+Probe`.
package struct Prober<W: World & ~Copyable>: ~Copyable {
    var world: W
    var buffers = BufferPool()
    private var batch = CompletionBatch()
    var timers: TimerWheel
    /// When an ejection is over, by probe slot.
    var ejectionTimers: TimerWheel
    var probes: SlotTable<Probe>
    /// By probe slot; what does not fit a trivial struct.
    var targets: [ProbeTarget?] = []
    /// The plans of the last snapshot.
    private var plans = ChunkedList<SharedProbePlan>()
    /// The slots of backends that are ejected, or were the last time somebody looked.
    private var perhapsEjected = Set<UInt32>()
    /// Probe slot by live slot. Looked up, never iterated: its order decides nothing.
    private var slots: [UInt32: UInt32] = [:]
    private let live: ZeroedView<LiveBackend>
    private let probeCounts: ZeroedView<ProbeCounters>
    private let liveOwner: LiveTable
    private let board: HealthBoard
    let desk: ProbeDesk
    private let mailbox: SnapshotMailbox
    /// What each worker has counted: how requests are answered is looked at every second.
    private let counters: [WorkerCounters]
    /// When that is due next.
    private var sampleDue: Instant
    /// Of the next sample.
    private var sampleNumber: UInt64 = 0
    var chores = Chores()

    /// While a verdict is about to change, the next probe comes after this instead of the interval (SEMANTICS §5).
    private static var recheckNs: UInt64 { 1_000_000_000 }
    /// From one look at how requests are answered to the next.
    private static var sampleNs: UInt64 { 1_000_000_000 }

    package init(
        world: consuming W,
        live: LiveTable,
        board: HealthBoard,
        mailbox: SnapshotMailbox,
        desk: ProbeDesk = ProbeDesk(),
        counters: [WorkerCounters] = []
    ) {
        let now = world.now
        self.world = world
        timers = TimerWheel(now: now)
        ejectionTimers = TimerWheel(now: now)
        probes = SlotTable(blank: Probe(), capacity: 64, capacityMax: LiveTable.capacity + ProbeDesk.ordersMax)
        liveOwner = live
        self.live = live.backends
        probeCounts = live.probes
        self.board = board
        self.desk = desk
        self.mailbox = mailbox
        self.counters = counters
        sampleDue = counters.isEmpty ? .never : now + Self.sampleNs
    }

    package var now: Instant { world.now }
    package var buffersTaken: Int { buffers.taken }

    package var nextDeadline: Instant {
        mailbox.hasMail ? world.now : min(timers.next, min(ejectionTimers.next, sampleDue))
    }

    /// One pass of the loop; see `Worker.turn`.
    package mutating func turn() -> Chores {
        chores = []
        batch.removeAll()
        world.reap(into: &batch, until: nextDeadline, buffers: &buffers)
        for index in 0..<batch.count { dispatch(batch[index]) }
        suspect(liveOwner.suspects.take())
        for order in desk.take() { begin(order) }
        while let slot = ejectionTimers.expire(world.now) { endEjection(slot) }
        while let slot = timers.expire(world.now) {
            guard probes.isTaken(slot) else { continue }
            let due = probes[slot].due
            if due <= world.now {
                fire(slot)
            } else {
                timers.schedule(slot, at: due)
            }
        }
        if sampleDue <= world.now { sample() }
        if mailbox.hasMail { chores.insert(.adopt) }
        return chores
    }

    // MARK: membership

    /// Adopts the waiting snapshot: new backends and those that come back are probed at once, and serve nothing before; those
    /// that left are forgotten, and those that stay keep their health, also when their check changed.
    /// - Returns: what the caller must see to, as after a turn.
    @discardableResult
    package mutating func adopt() -> Chores {
        chores = []
        guard let snapshot = mailbox.take() else { return chores }
        // By most changes nearly all are the same.
        let new = snapshot.probes
        let changed = plans.changedMiddle(to: new)
        var isMember = Set<UInt32>()
        let arrivals = new[changed.new]
        for shared in arrivals { isMember.insert(shared.plan.live) }
        for shared in plans[changed.old] where !isMember.contains(shared.plan.live) {
            guard let slot = slots.removeValue(forKey: shared.plan.live) else { continue }
            board.remove(shared.plan.live)
            probes[slot].isRetired = true
            abandon(slot)
            freeIfRetired(slot)
        }
        for shared in arrivals { adopt(shared.plan) }
        plans = new
        keepWithinLimits()
        mailbox.acknowledge(snapshot.sequence)
        chores.insert(.changed)
        return chores
    }

    private mutating func adopt(_ plan: ProbePlan) {
        guard let slot = slots[plan.live] else { return admit(plan) }
        // Most changes are about others.
        guard let before = targets[Int(slot)]?.plan, plan != before else { return }
        targets[Int(slot)]?.plan = plan
        let wantedChecks = targets[Int(slot)]?.machine.wantsChecks ?? false
        let isBack = plan.epoch != before.epoch
        let isCheckNew = before.check != plan.check || before.endpoints != plan.endpoints
        let change = targets[Int(slot)]?.machine.declare(
            plan.intent,
            isChecked: plan.check != nil,
            startsUp: plan.check?.start == .up,
            isEjectable: plan.passive != nil,
            isBack: isBack,
            isCheckNew: isCheckNew,
            mayKeepSessions: live[Int(plan.live)].availability == .draining
        )
        let cause: String
        if plan.intent != before.intent {
            cause = "state is \(plan.intent.rawValue)"
        } else if (plan.check == nil) != (before.check == nil) {
            cause = plan.check == nil ? "no health check any more" : "it has a health check now"
        } else if isBack {
            cause = "it was away"
        } else {
            cause = "ejection is off"
        }
        follow(slot, change, cause: cause, failures: 0)
        if plan.takesTraffic, !before.takesTraffic, live[Int(plan.live)].mayServe {
            // Without weight it had nothing to do: it is as new as one that comes.
            liveOwner.serveAnew(plan.live, at: world.now)
        }
        if targets[Int(slot)]?.machine.wantsChecks != true {
            stopProbing(slot)
        } else if !wantedChecks || isBack || isCheckNew || before.endpoints != plan.endpoints {
            // A check that is new, asks a backend that was away, or goes to other addresses, speaks at once. One that is under
            // way has been overtaken.
            probes[slot].isAligned = true
            if probes[slot].isUnderWay {
                abandon(slot)
                finishClosing(slot)
            }
            schedule(slot, world.now)
        }
    }

    private mutating func admit(_ plan: ProbePlan) {
        guard let slot = take(ProbeTarget(plan: plan, at: world.wallClock)) else { return }
        slots[plan.live] = slot
        probes[slot].backend = plan.live
        follow(slot, nil, cause: "", failures: 0)
        if targets[Int(slot)]?.machine.wantsChecks == true { schedule(slot, world.now) }
    }

    /// A slot with its target.
    mutating func take(_ target: ProbeTarget) -> UInt32? {
        guard let slot = probes.take() else { return nil }
        while targets.count <= Int(slot) { targets.append(nil) }
        targets[Int(slot)] = target
        return slot
    }

    private mutating func stopProbing(_ slot: UInt32) {
        // A probe under way would have no deadline, and nobody asks for its result.
        abandon(slot)
        probes[slot].isOverdue = false
        probes[slot].due = .never
        finishClosing(slot)
    }

    mutating func schedule(_ slot: UInt32, _ due: Instant) {
        probes[slot].due = due
        timers.schedule(slot, at: due)
    }

    /// Has the next probe begin now, unless one is under way.
    private mutating func hurry(_ slot: UInt32) {
        guard targets[Int(slot)]?.machine.wantsChecks == true, !probes[slot].isUnderWay else { return }
        schedule(slot, world.now)
    }

    // MARK: results

    /// A backend's probe has its result: the state machine hears of it, and the time of the next one is set.
    mutating func record(_ slot: UInt32, _ result: ProbeResult, isSilent: Bool) {
        guard let check = targets[Int(slot)]?.plan.check else { return }
        let hasPassed = result.failure == nil
        let verdictBefore = targets[Int(slot)]?.machine.verdict
        probeCounts[Int(probes[slot].backend)].record(hasPassed: hasPassed, at: world.now)
        targets[Int(slot)]?.keep(result)
        // Before the availability says that it is unhealthy: who sees that asks whether anything can be awaited of it.
        live[Int(probes[slot].backend)].setSilent(isSilent)
        let change = targets[Int(slot)]?.machine.checked(
            hasPassed: hasPassed,
            rise: check.rise,
            fall: check.fall,
            at: world.now
        )
        if targets[Int(slot)]?.machine.verdict != verdictBefore { targets[Int(slot)]?.verdictSince = result.at }
        let passes = targets[Int(slot)]?.machine.consecutiveOK ?? 0
        let words = passes > 1 ? "\(passes) checks passed in a row" : "check passed"
        follow(
            slot,
            change,
            cause: result.failure ?? words,
            failures: targets[Int(slot)]?.machine.consecutiveFailures ?? 0
        )
        schedule(slot, probes[slot].startedAt + waitNs(slot, check))
    }

    /// This machine could not run the probe, which says nothing about the backend: once more, soon.
    mutating func postpone(_ slot: UInt32, _ result: ProbeResult) {
        targets[Int(slot)]?.results.removeAll { $0.failure == result.failure && $0.status == nil }
        if targets[Int(slot)]?.results.count == HealthStatus.probesKept { targets[Int(slot)]?.results.removeFirst() }
        targets[Int(slot)]?.results.append(result)
        follow(slot, nil, cause: "", failures: 0)
        let interval = UInt64(targets[Int(slot)]?.plan.check?.interval.nanoseconds ?? 0)
        let wait = min(interval, Self.recheckNs)
        schedule(slot, world.now + wait / 2 + world.entropy() % (wait / 2 + 1))
    }

    /// From the beginning of one probe to that of the next.
    private mutating func waitNs(_ slot: UInt32, _ check: HealthCheckSpec) -> UInt64 {
        var wait = UInt64(check.interval.nanoseconds)
        if targets[Int(slot)]?.machine.isChanging == true { wait = min(wait, Self.recheckNs) }
        if probes[slot].isAligned {
            // All first probes went out at once; the second ones are spread over the interval.
            probes[slot].isAligned = false
            return wait / 10 + world.entropy() % (wait / 10 * 9 + 1)
        }
        // A fifth of the interval wide, so that probes of many backends, and of many balancers, drift apart: around it for a
        // healthy backend, up to it for one that is awaited back.
        let isAwaited = targets[Int(slot)]?.machine.phase != .serving
        return wait / 10 * (isAwaited ? 8 : 9) + world.entropy() % (wait / 5 + 1)
    }

    /// Makes known what the machine says now.
    private mutating func follow(
        _ slot: UInt32,
        _ change: BackendMachine.Change?,
        cause: @autoclosure () -> String,
        failures: Int
    ) {
        guard let machine = targets[Int(slot)]?.machine, let plan = targets[Int(slot)]?.plan else { return }
        let line = Int(probes[slot].backend)
        if let change {
            targets[Int(slot)]?.phaseSince = world.wallClock
            if change.from == .serving, change.to == .unhealthy || change.to == .ejected {
                targets[Int(slot)]?.noteLoss(at: world.now)
            }
            let flaps = targets[Int(slot)]?.flaps(at: world.now) ?? 0
            board.note(
                HealthTransition(
                    at: world.wallClock,
                    backend: plan.name,
                    pool: plan.pool,
                    from: change.from,
                    to: change.to,
                    cause: cause(),
                    afterFailures: failures,
                    isFlapping: flaps >= HealthStatus.flapsMin
                )
            )
        }
        let before = live[line].availability
        let after = machine.availability
        if before != after {
            if after == .serving {
                live[line].forgetFailures()
                live[line].forgetServerErrors()
                live[line].setServingSince(world.now)
            }
            liveOwner.setAvailability(probes[slot].backend, after, in: plan.epoch)
            // Workers have connections, and maybe requests, that it is of no use to.
            if after != .serving { chores.insert(.lost) }
        }
        if let entry = targets[Int(slot)]?.entry(at: world.now) { board.set(probes[slot].backend, entry) }
        chores.insert(.changed)
    }

    // MARK: ejection

    /// Too many requests in a row have failed at these backends, workers say.
    private mutating func suspect(_ backends: [UInt32]) {
        guard !backends.isEmpty else { return }
        var limits = limits()
        for backend in backends { suspect(backend, &limits) }
    }

    private mutating func suspect(_ backend: UInt32, _ limits: inout [UInt32: EjectionLimit]) {
        guard let slot = slots[backend], let plan = targets[Int(slot)]?.plan, let passive = plan.passive else { return }
        let line = Int(backend)
        // Workers go on counting while it is looked at; one that has answered since is none.
        let failures = Int(live[line].failuresInRow)
        let kind = Fault.Kind(rawValue: live[line].lastFailure) ?? .noAnswer
        let serverErrors = Int(live[line].serverErrorsInRow)
        let isFailing = failures >= passive.errors
        guard isFailing || passive.serverErrors > 0 && serverErrors >= passive.serverErrors else { return }
        let cause =
            isFailing
            ? "\(failures) requests in a row failed, the last by \(kind.words)"
            : "\(serverErrors) answers in a row had a status of 500 or above"
        eject(
            slot,
            passive,
            isAboutConnecting: isFailing && kind.isAboutConnecting,
            cause: cause,
            failures: isFailing ? failures : serverErrors,
            &limits
        )
    }

    private mutating func eject(
        _ slot: UInt32,
        _ passive: PassiveSpec,
        isAboutConnecting: Bool,
        cause: String,
        failures: Int,
        _ limits: inout [UInt32: EjectionLimit]
    ) {
        guard let plan = targets[Int(slot)]?.plan else { return }
        if limits[plan.ticket]?.allowsAnother(share: passive.maxEjected) ?? false {
            let change = targets[Int(slot)]?.machine.eject(
                passive,
                isAboutConnecting: isAboutConnecting,
                at: world.now
            )
            if let change {
                limits[plan.ticket]?.note(change)
                targets[Int(slot)]?.ejectionCause = cause
                perhapsEjected.insert(slot)
                probeCounts[Int(plan.live)].countEjection()
                // What it did before says nothing about what it does when it is back.
                live[Int(plan.live)].forgetServerErrors()
                targets[Int(slot)]?.answers.forget()
                if let until = targets[Int(slot)]?.machine.ejection?.until { ejectionTimers.schedule(slot, at: until) }
                follow(slot, change, cause: cause, failures: failures)
            }
        }
        // Ejected or not, its check is asked what it makes of it.
        hurry(slot)
    }

    /// Looks at how requests were answered of late: makes it known, and ejects where too many answers say that the server
    /// has failed. O(backends × workers), once a second.
    private mutating func sample() {
        sampleDue = world.now + Self.sampleNs
        sampleNumber += 1
        var limits: [UInt32: EjectionLimit]?
        for slot in 0..<probes.walkEnd {
            guard probes.isTaken(slot), !probes[slot].isRetired, !probes[slot].isOnDemand else { continue }
            let line = Int(probes[slot].backend)
            var sum = RecentAnswers()
            for counter in counters {
                let answers = counter.backends[line].answers
                sum.all &+= answers.all
                sum.failed &+= answers.failed
            }
            guard targets[Int(slot)]?.answers.note(sum, number: sampleNumber) == true else { continue }
            if let entry = targets[Int(slot)]?.entry(at: world.now) { board.set(probes[slot].backend, entry) }
            guard let passive = targets[Int(slot)]?.plan.passive, passive.serverErrorShare > 0, isMember(slot),
                targets[Int(slot)]?.machine.phase == .serving, let recent = targets[Int(slot)]?.answers.recent,
                recent.all >= UInt64(passive.volume),
                Double(recent.failed) >= passive.serverErrorShare * Double(recent.all)
            else { continue }
            var known = limits ?? self.limits()
            let percent = Int((Double(recent.failed) / Double(recent.all) * 100).rounded())
            eject(
                slot,
                passive,
                isAboutConnecting: false,
                cause: "\(percent) % of \(recent.all) answers within ten seconds had a status of 500 or above",
                failures: Int(clamping: recent.failed),
                &known
            )
            limits = known
        }
    }

    private mutating func endEjection(_ slot: UInt32) {
        guard probes.isTaken(slot), let ejection = targets[Int(slot)]?.machine.ejection else { return }
        guard ejection.until <= world.now else { return ejectionTimers.schedule(slot, at: ejection.until) }
        let change = targets[Int(slot)]?.machine.expire(world.now)
        follow(slot, change, cause: "its ejection is over", failures: 0)
    }

    /// Of every pool that has members, by its ticket. O(backends): asked for once, and kept up with `note` by who changes
    /// many.
    private func limits() -> [UInt32: EjectionLimit] {
        var limits: [UInt32: EjectionLimit] = [:]
        // Neighbours are mostly of one pool.
        var ticket: UInt32?
        var limit = EjectionLimit()
        for slot in 0..<probes.walkEnd {
            guard isMember(slot), let own = targets[Int(slot)]?.plan.ticket,
                let phase = targets[Int(slot)]?.machine.phase
            else { continue }
            if own != ticket {
                if let ticket { limits[ticket] = limit }
                ticket = own
                limit = limits[own] ?? EjectionLimit()
            }
            limit.members += 1
            if phase == .serving { limit.serving += 1 }
            if phase == .ejected { limit.ejected += 1 }
        }
        if let ticket { limits[ticket] = limit }
        return limits
    }

    /// Whether the slot is a backend's which is meant to take traffic.
    private func isMember(_ slot: UInt32) -> Bool {
        guard probes.isTaken(slot), !probes[slot].isRetired, !probes[slot].isOnDemand else { return false }
        return targets[Int(slot)]?.plan.intent == .ready && targets[Int(slot)]?.plan.takesTraffic == true
    }

    /// Members may have left: of those that are ejected, who would be back first is back now, as far as they are too many.
    private mutating func keepWithinLimits() {
        var ejected: [(until: Instant, slot: UInt32)] = []
        for slot in perhapsEjected {
            guard let ejection = targets[Int(slot)]?.machine.ejection else {
                perhapsEjected.remove(slot)
                continue
            }
            if isMember(slot) { ejected.append((ejection.until, slot)) }
        }
        guard !ejected.isEmpty else { return }
        ejected.sort { ($0.until, $0.slot) < ($1.until, $1.slot) }
        var limits = limits()
        for (_, slot) in ejected {
            guard let target = targets[Int(slot)], target.machine.phase == .ejected else { continue }
            let share = target.plan.passive?.maxEjected ?? 1
            guard limits[target.plan.ticket]?.excess(share: share) ?? 0 > 0 else { continue }
            let change = targets[Int(slot)]?.machine.readmit(world.now)
            if let change { limits[target.plan.ticket]?.note(change) }
            follow(slot, change, cause: "too much of its pool would be ejected", failures: 0)
        }
    }
}
