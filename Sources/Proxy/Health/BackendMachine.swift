package import Model

/// Where one backend stands, from three things that change apart from each other: what is wanted of it, what its checks
/// have found, and whether its traffic has got it ejected.
///
/// A value that knows no socket, no clock and no other backend. The phase follows from the three alone, so there is no
/// order of admin writes, checks and failures that could lead to one they do not account for:
///
///     maint      it is wanted so; nothing is checked
///     draining   it is wanted so, whatever its checks say
///     starting   it is checked, and no check has spoken yet
///     unhealthy  its checks fail
///     ejected    its checks do not fail, but its traffic did
///     serving    otherwise
package struct BackendMachine: Equatable, Sendable {
    /// A change of the phase.
    package struct Change: Equatable, Sendable {
        package var from: BackendPhase
        package var to: BackendPhase
    }

    /// Out of service for failed traffic, for a while.
    package struct Ejection: Equatable, Sendable {
        package var until: Instant
        /// Checks that must pass from now on to end it early; nil: it takes its time. A check that passes while requests fail
        /// proves nothing, unless it failed as they did, or they failed to connect and it did not.
        fileprivate var passesNeeded: Int?
    }

    package private(set) var intent: BackendState
    package private(set) var isChecked: Bool
    /// What the checks say; `unknown` for a backend that has none.
    package private(set) var verdict: HealthState
    /// A check of it has passed, in this life of the process or, as its memory has it, before; and not before a maintenance.
    package private(set) var hasPassed: Bool
    package private(set) var consecutiveOK = 0
    package private(set) var consecutiveFailures = 0
    /// A check has passed that began after the last change of what it takes to serve; of a backend without checks there is
    /// nothing to prove. Serving and not proven is who has served before the change, and goes on.
    package private(set) var isProven: Bool
    /// It comes back from a drain in which it was well: its sessions are with it until its check speaks.
    private var keepsSessions = false
    package private(set) var ejection: Ejection?
    /// Ejections that followed one another; the n-th is n times as long.
    private var ejectionsInRow = 0
    /// When it was last put back in service.
    private var restoredAt = Instant(nanoseconds: 0)

    /// - Parameters:
    ///   - startsUp: it serves until its checks say otherwise.
    ///   - known: what was known of it before; `unknown` is nothing.
    package init(
        intent: BackendState = .ready,
        isChecked: Bool = true,
        startsUp: Bool = false,
        known: HealthState = .unknown
    ) {
        self.intent = intent
        self.isChecked = isChecked
        verdict = .unknown
        // What never passed is not remembered.
        hasPassed = isChecked && intent != .maint && known != .unknown
        isProven = !isChecked
        guard isChecked, intent != .maint else { return }
        verdict = known == .unknown && startsUp ? .healthy : known
    }

    package var phase: BackendPhase {
        switch intent {
        case .maint: return .maint
        case .drain: return .draining
        case .ready: break
        }
        switch verdict {
        case .unknown where isChecked: return .starting
        case .unhealthy: return .unhealthy
        case .unknown, .healthy: return ejection == nil ? .serving : .ejected
        }
    }

    package var availability: Availability {
        switch phase {
        case .starting: keepsSessions ? .draining : .starting
        case .serving: .serving
        case .unhealthy: hasPassed ? .unhealthy : .unproven
        case .ejected: .ejected
        // Sessions go on at a backend that drains as long as it can serve them.
        case .draining: verdict == .healthy || !isChecked ? .draining : .maint
        case .maint: .maint
        }
    }

    /// Whether its checks are run.
    package var wantsChecks: Bool { isChecked && intent != .maint }

    /// Results have begun to speak against what it is: it is about to change, and worth looking at again soon.
    package var isChanging: Bool {
        if ejection?.passesNeeded != nil { return true }
        switch verdict {
        case .unknown: return isChecked
        case .healthy: return consecutiveFailures > 0
        case .unhealthy: return consecutiveOK > 0
        }
    }

    // MARK: events

    /// What is wanted of it now.
    ///
    /// Who comes back has to prove itself: nothing is known of what was worked on, and a drain is for working on what
    /// drains. Who serves goes on serving, also when it gets another check: its first verdict takes nothing from it unless it
    /// is that it fails. An ejection ends with the traffic that it was about.
    /// - Parameters:
    ///   - startsUp: what `init` would be told now.
    ///   - isEjectable: its traffic may get it ejected.
    ///   - isBack: it was away, however briefly, and whatever this machine has heard of that.
    ///   - isCheckNew: what its checks have said so far was about something else.
    ///   - mayKeepSessions: sessions that a drain has left to it stay until its check speaks.
    package mutating func declare(
        _ wanted: BackendState,
        isChecked isNowChecked: Bool,
        startsUp: Bool,
        isEjectable: Bool,
        isBack: Bool = false,
        isCheckNew: Bool = false,
        mayKeepSessions: Bool = true
    ) -> Change? {
        changing { machine in
            let wasChecked = machine.isChecked
            let former = machine.intent
            let comesBack = isBack || (former != .ready && wanted == .ready)
            machine.intent = wanted
            machine.isChecked = isNowChecked
            if !isEjectable || wanted != .ready || comesBack { machine.restore() }
            if wanted != .ready || !isNowChecked { machine.keepsSessions = false }
            if comesBack || isCheckNew || former == .maint || isNowChecked != wasChecked {
                machine.isProven = !isNowChecked
            }
            if wanted == .maint {
                machine.forgetVerdict(.unknown)
                machine.ejectionsInRow = 0
                machine.hasPassed = false
            } else if !isNowChecked {
                machine.forgetVerdict(.unknown)
            } else if former == .maint {
                machine.forgetVerdict(startsUp ? .healthy : .unknown)
            } else if comesBack {
                // Who is known to fail has as many checks to pass as ever.
                guard machine.verdict != .unhealthy else { return }
                machine.keepsSessions =
                    mayKeepSessions && former == .drain && wanted == .ready && machine.verdict == .healthy
                machine.forgetVerdict(startsUp ? .healthy : .unknown)
            } else if !wasChecked {
                // It has served until now without anybody asking, and goes on until its check says otherwise.
                machine.forgetVerdict(.healthy)
            }
        }
    }

    /// A check has ended. The first verdict takes one result, later ones `fall` failures or `rise` passes in a row.
    package mutating func checked(hasPassed: Bool, rise: Int, fall: Int, at now: Instant) -> Change? {
        guard wantsChecks else { return nil }
        return changing(at: now) { machine in
            machine.keepsSessions = false
            if hasPassed {
                machine.hasPassed = true
                machine.isProven = true
                machine.consecutiveOK += 1
                machine.consecutiveFailures = 0
            } else {
                machine.consecutiveFailures += 1
                machine.consecutiveOK = 0
            }
            switch machine.verdict {
            case .unknown: machine.verdict = hasPassed ? .healthy : .unhealthy
            case .healthy: if machine.consecutiveFailures >= fall { machine.verdict = .unhealthy }
            case .unhealthy:
                if machine.consecutiveOK >= rise { machine.verdict = .healthy }
            }
            // Its checks keep it out from here on, and bring it back.
            if machine.verdict == .unhealthy { machine.restore() }
            guard machine.ejection != nil else { return }
            if !hasPassed {
                machine.ejection?.passesNeeded = rise
            } else if let needed = machine.ejection?.passesNeeded {
                machine.ejection?.passesNeeded = needed - 1
                if needed <= 1 { machine.restore() }
            }
        }
    }

    /// Too many requests in a row have failed at it. Only a backend that serves is ejected.
    /// - Parameter isAboutConnecting: they found no connection, which a check that does disproves.
    package mutating func eject(_ spec: PassiveSpec, isAboutConnecting: Bool, at now: Instant) -> Change? {
        guard phase == .serving else { return nil }
        return changing { machine in
            let longestNs = UInt64(spec.ejectMax.nanoseconds)
            // Who has held out for longer than the longest ejection starts over.
            if now.since(machine.restoredAt) > longestNs { machine.ejectionsInRow = 0 }
            machine.ejectionsInRow += 1
            let baseNs = UInt64(spec.eject.nanoseconds)
            let (product, isTooLong) = baseNs.multipliedReportingOverflow(by: UInt64(machine.ejectionsInRow))
            let lengthNs = isTooLong ? longestNs : min(product, longestNs)
            // One pass could be the moment before the next error; the second comes a second later.
            machine.ejection = Ejection(until: now + lengthNs, passesNeeded: isAboutConnecting ? 2 : nil)
        }
    }

    /// Time has passed: an ejection may be over.
    package mutating func expire(_ now: Instant) -> Change? {
        guard let ejection, ejection.until <= now else { return nil }
        return readmit(now)
    }

    /// Its ejection is over, whether its time has come or not.
    package mutating func readmit(_ now: Instant) -> Change? {
        changing(at: now) { $0.restore() }
    }

    // MARK: parts

    private mutating func restore() { ejection = nil }

    private mutating func forgetVerdict(_ state: HealthState) {
        verdict = state
        consecutiveOK = 0
        consecutiveFailures = 0
    }

    private mutating func changing(at now: Instant? = nil, _ body: (inout BackendMachine) -> Void) -> Change? {
        let before = phase
        body(&self)
        let after = phase
        guard before != after else { return nil }
        if after == .serving, let now { restoredAt = now }
        return Change(from: before, to: after)
    }
}
