import Testing

@testable import Proxy

@Suite struct TimerWheelTests {
    private static let tick: UInt64 = 1 << 22

    /// A wheel and the deadlines it was told, side by side over simulated days.
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func itAgreesWithAListOfDeadlines(_ seed: UInt64) {
        var random = SplitMix(seed)
        var now = UInt64.random(in: 0...(1 << 50), using: &random)
        var wheel = TimerWheel(now: Instant(nanoseconds: now))
        var due: [UInt32: UInt64] = [:]
        for _ in 0..<3000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let id = UInt32.random(in: 0..<600, using: &random)
                // From overdue to two days ahead, which is past what the wheel reaches at once.
                let reach = UInt64(1) << UInt64.random(in: 0...47, using: &random)
                let past = UInt64.random(in: 0...3, using: &random) == 0
                let offset = UInt64.random(in: 0...reach, using: &random)
                let deadline = past ? now - min(now, offset) : now + offset
                wheel.schedule(id, at: Instant(nanoseconds: deadline))
                due[id] = min(due[id] ?? .max, deadline)
            case 5:
                let id = UInt32.random(in: 0..<600, using: &random)
                wheel.cancel(id)
                due[id] = nil
            default:
                let next = wheel.next.nanoseconds
                // At or before the first entry, rounded up to its tick; never after.
                if let first = due.values.min() {
                    #expect(next <= (first / Self.tick + 1) * Self.tick)
                } else {
                    #expect(next == .max)
                }
                let step = UInt64(1) << UInt64.random(in: 0...43, using: &random)
                now += Bool.random(using: &random) && next > now && next != .max ? next - now : step
                while let id = wheel.expire(Instant(nanoseconds: now)) {
                    guard let deadline = due.removeValue(forKey: id) else {
                        Issue.record("\(id) fired and was not scheduled")
                        return
                    }
                    #expect(deadline < now, "\(id) fired \(deadline - now) ns early")
                }
                // Whatever is left is not a whole tick overdue.
                for (id, deadline) in due { #expect(deadline / Self.tick >= now / Self.tick, "\(id) has not fired") }
            }
        }
    }

    @Test func anEntryMovedLaterFiresAtItsEarlierTime() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 0))
        wheel.schedule(1, at: Instant(nanoseconds: 1_000_000_000))
        wheel.schedule(1, at: Instant(nanoseconds: 9_000_000_000))
        #expect(wheel.expire(Instant(nanoseconds: 1_100_000_000)) == 1)
        #expect(wheel.expire(Instant(nanoseconds: 20_000_000_000)) == nil)
    }

    @Test func anEntryMovedEarlierFiresThen() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 0))
        wheel.schedule(1, at: Instant(nanoseconds: 9_000_000_000))
        wheel.schedule(1, at: Instant(nanoseconds: 1_000_000_000))
        #expect(wheel.expire(Instant(nanoseconds: 999_000_000)) == nil)
        #expect(wheel.expire(Instant(nanoseconds: 1_100_000_000)) == 1)
    }

    @Test func neverIsNotScheduled() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 5))
        wheel.schedule(0, at: .never)
        #expect(wheel.next == .never)
        wheel.schedule(0, at: Instant(nanoseconds: .max - 1))
        #expect(wheel.next < .never)
        wheel.cancel(0)
        wheel.cancel(100_000)
        #expect(wheel.next == .never)
    }

    @Test(.timeLimit(.minutes(1)))
    func aClockThatJumpsAheadByDecadesIsFollowedAtOnce() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 0))
        for id in 0..<1000 as Range<UInt32> { wheel.schedule(id, at: Instant(nanoseconds: UInt64(id) << 34)) }
        wheel.schedule(1000, at: Instant(nanoseconds: .max - 1))
        let later = Instant(nanoseconds: 1 << 60)
        var fired = Set<UInt32>()
        while let id = wheel.expire(later) { fired.insert(id) }
        #expect(fired == Set(0..<1000))
        wheel.schedule(7, at: later + 60_000_000_000)
        #expect(wheel.expire(later + 59_000_000_000) == nil)
        #expect(wheel.expire(later + 61_000_000_000) == 7)
    }

    @Test func theEndOfTheClockIsNotItsBeginning() {
        let now = Instant(nanoseconds: .max - 1_000_000)
        var wheel = TimerWheel(now: now)
        wheel.schedule(0, at: Instant(nanoseconds: .max - 1))
        #expect(wheel.next > now)
    }

    @Test func whatIsOverdueWhenScheduledFiresAtTheNextTick() {
        let now = Instant(nanoseconds: 1 << 40)
        var wheel = TimerWheel(now: now)
        wheel.schedule(3, at: Instant(nanoseconds: 5))
        #expect(wheel.next <= now)
        #expect(wheel.expire(now) == 3)
        #expect(wheel.expire(now) == nil)
    }

    @Test func manyEntriesOfOneTickAllFire() {
        var wheel = TimerWheel(now: Instant(nanoseconds: 0))
        for id in 0..<5000 as Range<UInt32> { wheel.schedule(id, at: Instant(nanoseconds: 77_000_000_000)) }
        for id in stride(from: 0, to: 5000, by: 2) { wheel.cancel(UInt32(id)) }
        var fired = Set<UInt32>()
        while let id = wheel.expire(Instant(nanoseconds: 80_000_000_000)) { fired.insert(id) }
        #expect(fired == Set((0..<2500).map { UInt32(2 * $0 + 1) }))
    }
}
