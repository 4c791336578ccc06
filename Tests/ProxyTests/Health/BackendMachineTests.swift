import Model
import Testing

@testable import Proxy

private let second: UInt64 = 1_000_000_000

/// A machine under a clock, with a check of its own thresholds.
private struct Trial {
    var machine: BackendMachine
    var now = Instant(nanoseconds: 1000 * second)
    var rise = 1
    var fall = 2
    var passive = PassiveSpec()
    var startsUp = false
    var changes: [BackendMachine.Change] = []

    init(_ intent: BackendState = .ready, isChecked: Bool = true, startsUp: Bool = false, known: HealthState = .unknown)
    {
        machine = BackendMachine(intent: intent, isChecked: isChecked, startsUp: startsUp, known: known)
        self.startsUp = startsUp
    }

    @discardableResult
    mutating func check(_ results: String) -> BackendPhase {
        for result in results {
            note(machine.checked(hasPassed: result == "+", rise: rise, fall: fall, at: now))
        }
        return machine.phase
    }

    @discardableResult
    mutating func eject(connecting: Bool = false) -> BackendPhase {
        note(machine.eject(passive, isAboutConnecting: connecting, at: now))
        return machine.phase
    }

    @discardableResult
    mutating func declare(
        _ intent: BackendState,
        isChecked: Bool = true,
        isEjectable: Bool = true,
        isBack: Bool = false,
        isCheckNew: Bool = false
    ) -> BackendPhase {
        note(
            machine.declare(
                intent,
                isChecked: isChecked,
                startsUp: startsUp,
                isEjectable: isEjectable,
                isBack: isBack,
                isCheckNew: isCheckNew
            )
        )
        return machine.phase
    }

    @discardableResult
    mutating func pass(seconds: Double) -> BackendPhase {
        now = now + UInt64(seconds * Double(second))
        note(machine.expire(now))
        return machine.phase
    }

    private mutating func note(_ change: BackendMachine.Change?) {
        if let change { changes.append(change) }
    }
}

@Suite struct BackendMachineTests {
    /// `+` is a pass, `-` a failure; the states are those after each: Healthy, Down.
    @Test(arguments: [
        (1, 1, "+-+--+", "HDHDDH"), (1, 2, "+-+--+", "HHHHDH"), (1, 2, "-+", "DH"), (2, 2, "-+-++-+--", "DDDDHHHHD"),
        (3, 3, "+--+---++-+++", "HHHHHHDDDDDDH"), (1, 3, "---", "DDD"),
    ])
    func verdictsFollowRiseAndFall(_ rise: Int, _ fall: Int, _ results: String, _ states: String) {
        var trial = Trial()
        trial.rise = rise
        trial.fall = fall
        #expect(trial.machine.phase == .starting && trial.machine.isChanging)
        for (result, expected) in zip(results, states) {
            let before = trial.machine.phase
            let told = trial.changes.count
            trial.check(String(result))
            #expect(trial.machine.phase == (expected == "H" ? .serving : .unhealthy))
            #expect((trial.changes.count > told) == (trial.machine.phase != before))
        }
    }

    @Test func itIsChangingWhileResultsSpeakAgainstIt() {
        var trial = Trial()
        trial.rise = 2
        trial.check("+")
        #expect(!trial.machine.isChanging)
        trial.check("-")
        #expect(trial.machine.isChanging && trial.machine.phase == .serving)
        trial.check("-")
        #expect(!trial.machine.isChanging && trial.machine.consecutiveFailures == 2)
        trial.check("+")
        #expect(trial.machine.isChanging && trial.machine.consecutiveOK == 1 && trial.machine.consecutiveFailures == 0)
    }

    @Test func whereItBeginsFollowsFromItsCheckAndFromWhatWasKnown() {
        #expect(Trial().machine.phase == .starting)
        #expect(Trial(isChecked: false).machine.phase == .serving)
        #expect(Trial(startsUp: true).machine.phase == .serving)
        #expect(Trial(known: .healthy).machine.phase == .serving)
        // What was seen counts for more than what is presumed.
        #expect(Trial(startsUp: true, known: .unhealthy).machine.phase == .unhealthy)
        #expect(Trial(.drain).machine.phase == .draining)
        #expect(Trial(.maint, known: .healthy).machine.phase == .maint)
    }

    /// A backend that starts up is given the failures that a healthy one is.
    @Test func oneThatStartsUpFallsLikeAHealthyOne() {
        var trial = Trial(startsUp: true)
        #expect(trial.check("-") == .serving)
        #expect(trial.check("-") == .unhealthy)
    }

    // MARK: intent

    /// What drains is being worked on: its last check says nothing of what comes back.
    @Test func whoComesBackFromADrainServesOnceACheckHasPassedSince() {
        var trial = Trial()
        trial.check("+")
        #expect(trial.machine.isProven)
        trial.declare(.drain)
        trial.check("+")
        #expect(trial.declare(.ready) == .starting && !trial.machine.isProven)
        // Its sessions have not left it.
        #expect(trial.machine.availability == .draining && trial.machine.isChanging)
        // Nor does another change give it anything.
        #expect(trial.declare(.ready) == .starting && trial.machine.availability == .draining)
        var failing = trial
        #expect(failing.check("-") == .unhealthy && failing.machine.availability == .unhealthy)
        #expect(trial.check("+") == .serving && trial.machine.isProven)
        var unchecked = Trial(isChecked: false)
        unchecked.declare(.drain, isChecked: false)
        #expect(unchecked.declare(.ready, isChecked: false) == .serving && unchecked.machine.isProven)
        var eager = Trial(startsUp: true)
        eager.check("+")
        eager.declare(.drain)
        // It serves as it is told to, which proves nothing.
        #expect(eager.declare(.ready) == .serving && !eager.machine.isProven)
    }

    /// It was removed and added again so quickly that nobody here has heard of it.
    @Test func whoWasAwayUnseenHasToProveItselfToo() {
        var trial = Trial()
        trial.check("+")
        trial.eject()
        #expect(trial.declare(.ready, isBack: true) == .starting && trial.machine.ejection == nil)
        #expect(trial.machine.availability == .starting)
        #expect(trial.check("+") == .serving)
    }

    @Test func anotherCheckTakesNothingFromWhoServesAndHasToPassAllTheSame() {
        var trial = Trial()
        trial.check("+")
        #expect(trial.declare(.ready, isCheckNew: true) == .serving && !trial.machine.isProven)
        var failing = trial
        #expect(failing.check("--") == .unhealthy && !failing.machine.isProven)
        #expect(trial.check("+") == .serving && trial.machine.isProven)
        // What is no change of what it takes to serve leaves it proven.
        #expect(trial.declare(.ready) == .serving && trial.machine.isProven)
    }

    @Test func aDrainKeepsHealthCurrent() {
        var trial = Trial()
        trial.check("+")
        #expect(trial.declare(.drain) == .draining && trial.machine.availability == .draining)
        #expect(trial.check("--") == .draining)
        // Not even its sessions are of use at a backend that does not answer.
        #expect(trial.machine.availability == .maint)
        #expect(trial.declare(.ready) == .unhealthy)
        #expect(trial.declare(.drain) == .draining)
        trial.check("+")
        #expect(trial.declare(.ready) == .starting)
    }

    @Test func maintenanceForgetsHealthAndChecksNothing() {
        var trial = Trial()
        trial.check("+")
        #expect(trial.declare(.maint) == .maint && trial.machine.availability == .maint)
        #expect(!trial.machine.wantsChecks)
        #expect(trial.check("----") == .maint)
        #expect(trial.declare(.ready) == .starting)
        #expect(trial.check("+") == .serving)
        var eager = Trial(startsUp: true)
        eager.declare(.maint)
        #expect(eager.declare(.ready) == .serving)
    }

    @Test func aCheckThatComesToAServingBackendTakesNothingFromIt() {
        var trial = Trial(isChecked: false)
        #expect(trial.declare(.ready, isChecked: true) == .serving)
        #expect(trial.check("-") == .serving)
        #expect(trial.check("-") == .unhealthy)
        #expect(trial.declare(.ready, isChecked: false) == .serving)
    }

    // MARK: ejection

    /// A panic does not believe a check that fails, unless there is nothing else to believe.
    @Test func oneThatHasNeverPassedIsToldFromOneThatHas() {
        var trial = Trial()
        trial.check("-")
        #expect(trial.machine.phase == .unhealthy && trial.machine.availability == .unproven)
        trial.check("+---")
        #expect(trial.machine.phase == .unhealthy && trial.machine.availability == .unhealthy)
        // Nothing is known any more of what was worked on.
        trial.declare(.maint)
        trial.declare(.ready)
        #expect(trial.machine.availability == .starting)
        trial.check("-")
        #expect(trial.machine.availability == .unproven)
        // Serving on credit is no pass.
        var credited = Trial(startsUp: true)
        #expect(credited.machine.availability == .serving)
        credited.check("--")
        #expect(credited.machine.availability == .unproven)
        #expect(Trial(known: .unhealthy).machine.availability == .unhealthy)
    }

    /// Whoever drains it and makes it ready has looked at it; the next ejection is as long as it would have been.
    @Test func aDrainEndsAnEjectionAndReadyDoesNotBringItBack() {
        var trial = Trial()
        trial.check("+")
        #expect(trial.eject() == .ejected)
        trial.declare(.drain)
        // As every backend that comes back, it serves once a check has passed.
        #expect(trial.declare(.ready) == .starting)
        trial.check("+")
        #expect(trial.eject() == .ejected)
        #expect(trial.pass(seconds: 9) == .ejected)
        #expect(trial.pass(seconds: 1.1) == .serving)
    }

    @Test func ejectionsInARowGrowUpToTheLongest() {
        var trial = Trial()
        trial.check("+")
        var lengths: [UInt64] = []
        for _ in 0..<15 {
            #expect(trial.eject() == .ejected)
            let until = trial.machine.ejection!.until
            lengths.append(until.since(trial.now) / second)
            trial.now = until
            #expect(trial.pass(seconds: 0) == .serving)
        }
        #expect(lengths == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60, 60])
        // Who has held out for longer than the longest one starts over.
        trial.pass(seconds: 61)
        trial.eject()
        #expect(trial.machine.ejection!.until.since(trial.now) == 5 * second)
    }

    @Test func onlyAServingBackendIsEjected() {
        var trial = Trial()
        #expect(trial.eject() == .starting)
        trial.check("-")
        #expect(trial.eject() == .unhealthy)
        trial.check("+")
        trial.declare(.drain)
        #expect(trial.eject() == .draining && trial.machine.ejection == nil)
        trial.declare(.ready)
        trial.check("+")
        #expect(trial.eject() == .ejected)
        let until = trial.machine.ejection!.until
        trial.now = trial.now + second
        trial.eject()
        #expect(trial.machine.ejection!.until == until)
    }

    /// Requests that get no answer from a backend whose check passes are what ejection is for.
    @Test func aCheckThatHasAlwaysPassedDoesNotEndAnEjection() {
        var trial = Trial()
        trial.check("+")
        trial.eject()
        #expect(trial.check("+++++") == .ejected && !trial.machine.isChanging)
        #expect(trial.pass(seconds: 4.9) == .ejected)
        #expect(trial.pass(seconds: 0.1) == .serving)
    }

    @Test func aCheckThatFailedAsRequestsDidEndsItWhenItPassesAgain() {
        var trial = Trial()
        trial.rise = 2
        trial.check("+")
        trial.eject()
        #expect(trial.check("-") == .ejected && trial.machine.isChanging)
        #expect(trial.check("+") == .ejected)
        #expect(trial.check("+") == .serving)
    }

    /// One pass may be luck; two, a second apart, are a backend that is back.
    @Test func aCheckThatConnectsDisprovesThatNobodyCan() {
        var trial = Trial()
        trial.check("+")
        trial.eject(connecting: true)
        #expect(trial.machine.isChanging)
        #expect(trial.check("+") == .ejected)
        #expect(trial.check("+") == .serving)
    }

    @Test func anEjectedBackendWhoseCheckFailsIsUnhealthyAndServesOnceItPasses() {
        var trial = Trial()
        trial.check("+")
        trial.eject()
        #expect(trial.check("--") == .unhealthy)
        #expect(trial.check("+") == .serving && trial.machine.ejection == nil)
    }

    @Test func ejectionEndsWhenItIsSwitchedOff() {
        var trial = Trial(isChecked: false)
        trial.eject()
        #expect(trial.declare(.ready, isChecked: false, isEjectable: false) == .serving)
    }

    // MARK: all orders

    /// What may follow what. Nothing goes back to `starting` but from maintenance or a drain; nobody is ejected but from service.
    private static let allowed: [BackendPhase: Set<BackendPhase>] = [
        .starting: [.serving, .unhealthy, .draining, .maint],
        .serving: [.unhealthy, .ejected, .draining, .maint],
        .unhealthy: [.serving, .draining, .maint],
        .ejected: [.serving, .unhealthy, .draining, .maint],
        .draining: [.starting, .serving, .unhealthy, .maint],
        .maint: [.starting, .serving, .draining],
    ]

    private struct Draw {
        var state: UInt64

        mutating func below(_ limit: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % limit
        }
    }

    @Test(arguments: UInt64(1)...50) func noOrderOfEventsLeadsToAForbiddenTransition(seed: UInt64) {
        var draw = Draw(state: seed)
        let intents: [BackendState] = [.ready, .ready, .ready, .drain, .maint]
        let known: [HealthState] = [.unknown, .healthy, .unhealthy]
        var trial = Trial(
            intents[Int(draw.below(5))],
            isChecked: draw.below(4) > 0,
            startsUp: draw.below(2) == 0,
            known: known[Int(draw.below(3))]
        )
        trial.rise = Int(1 + draw.below(3))
        trial.fall = Int(1 + draw.below(3))
        var seen = Set<BackendPhase>()
        var isEjectable = true
        for _ in 0..<2000 {
            let before = trial.machine.phase
            let told = trial.changes.count
            var mayEject = false
            switch draw.below(10) {
            case 0:
                isEjectable = draw.below(4) > 0
                trial.declare(intents[Int(draw.below(5))], isChecked: draw.below(4) > 0, isEjectable: isEjectable)
            case 1, 2:
                mayEject = before == .serving
                trial.eject(connecting: draw.below(2) == 0)
            case 3, 4: trial.pass(seconds: Double(draw.below(40)))
            case 5, 6, 7: trial.check("-")
            default: trial.check("+")
            }
            let machine = trial.machine
            let after = machine.phase
            seen.insert(after)
            // Each change is told, once, as it was; what is not told has not changed.
            let news = trial.changes.dropFirst(told)
            #expect(news.count == (before == after ? 0 : 1))
            if let change = news.first {
                #expect(change.from == before && change.to == after)
                #expect(Self.allowed[before]!.contains(after), "\(before) to \(after)")
                if after == .ejected { #expect(mayEject) }
            }
            // The phase says no more than intent, verdict and ejection do.
            #expect((after == .maint) == (machine.intent == .maint))
            #expect((after == .draining) == (machine.intent == .drain))
            if machine.verdict == .unhealthy || machine.intent != .ready { #expect(machine.ejection == nil) }
            if machine.intent == .maint { #expect(machine.ejection == nil && machine.verdict == .unknown) }
            if !machine.isChecked { #expect(machine.verdict == .unknown && after != .starting && after != .unhealthy) }
            #expect((machine.availability == .serving) == (after == .serving))
            #expect((machine.availability == .ejected) == (after == .ejected))
            if machine.availability == .draining {
                #expect(after == .draining && machine.verdict != .unhealthy || after == .starting)
            }
            if after == .starting { #expect(!machine.isProven) }
        }
        #expect(seen.count >= 4)
    }

    @Test func everyPhaseIsReachedAndEveryAllowedTransitionHappens() {
        var seen = Set<String>()
        for seed in UInt64(1)...200 {
            var draw = Draw(state: seed)
            let intents: [BackendState] = [.ready, .ready, .drain, .maint]
            var trial = Trial(intents[Int(draw.below(4))], startsUp: draw.below(2) == 0)
            for _ in 0..<200 {
                switch draw.below(6) {
                case 0: trial.declare(intents[Int(draw.below(4))], isChecked: draw.below(5) > 0)
                case 1: trial.eject()
                case 2: trial.pass(seconds: 3)
                case 3, 4: trial.check("-")
                default: trial.check("+")
                }
            }
            for change in trial.changes { seen.insert("\(change.from) \(change.to)") }
        }
        let expected = Self.allowed.flatMap { from, all in all.map { "\(from) \($0)" } }
        #expect(seen == Set(expected))
    }
}

@Suite struct EjectionLimitTests {
    @Test func theLastOneIsNeverEjected() {
        #expect(!EjectionLimit(members: 1, serving: 1).allowsAnother(share: 1))
        #expect(!EjectionLimit(members: 4, serving: 1, ejected: 0).allowsAnother(share: 1))
        #expect(EjectionLimit(members: 4, serving: 2, ejected: 0).allowsAnother(share: 0.5))
    }

    @Test(arguments: 2...100) func noMoreThanTheShareAreEjected(members: Int) {
        var limit = EjectionLimit(members: members, serving: members)
        while limit.allowsAnother(share: 0.5) {
            limit.serving -= 1
            limit.ejected += 1
        }
        #expect(limit.ejected == members / 2)
        #expect(limit.excess(share: 0.5) == 0)
        limit.members -= 1
        #expect(limit.excess(share: 0.5) == (members % 2 == 0 ? 1 : 0))
    }

    /// Of three, 0.3 is less than one: somebody who asks for ejections gets one. 0 is none.
    @Test func aShareThatIsNotNothingIsOneAtLeastAsLongAsOneStays() {
        #expect(EjectionLimit(members: 3, serving: 3).allowsAnother(share: 0.3))
        #expect(!EjectionLimit(members: 3, serving: 2, ejected: 1).allowsAnother(share: 0.3))
        #expect(EjectionLimit(members: 2, serving: 2).allowsAnother(share: 0.01))
        #expect(!EjectionLimit(members: 3, serving: 3).allowsAnother(share: 0))
        #expect(EjectionLimit(members: 3, serving: 2, ejected: 1).excess(share: 0.3) == 0)
        // The others have left: it is the last.
        #expect(EjectionLimit(members: 1, serving: 0, ejected: 1).excess(share: 0.3) == 1)
        #expect(EjectionLimit(members: 2, serving: 0, ejected: 2).excess(share: 1) == 1)
        #expect(EjectionLimit(members: 0).excess(share: 1) == 0)
    }

    @Test func aShareIsMeantAsItIsWritten() {
        for percent in 0...100 {
            var limit = EjectionLimit(members: 100, serving: 101)
            while limit.allowsAnother(share: Double(percent) / 100) { limit.ejected += 1 }
            // One stays.
            #expect(limit.ejected == min(percent, 99))
        }
    }
}
