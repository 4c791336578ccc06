import Testing

@testable import Proxy

@Suite struct RetryBudgetTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aBurstIsAllowedAndThenAFifthOfTheRequests() {
        var budget = RetryBudget()
        let floor = RetryFloor()
        var now = Instant(nanoseconds: Self.second / 1000)
        budget.deposit(0, stock: 100)
        var granted = 0
        while budget.withdraw(200, floor: floor, at: now) { granted += 1 }
        #expect(granted == 100)
        granted = 0
        for _ in 0..<10_000 {
            now = now + 1
            budget.deposit(200, stock: 100)
            if budget.withdraw(200, floor: floor, at: now) { granted += 1 }
        }
        #expect((1999...2001).contains(granted))
    }

    /// However often it is asked in between, and by however many workers.
    @Test(arguments: [1_000_000, 150_000, 50_000, 7_000])
    func aQuietPoolHasTenASecondOverAllWorkers(_ step: UInt64) {
        var budgets = [RetryBudget](repeating: RetryBudget(), count: 4)
        let floor = RetryFloor()
        var now = Instant(nanoseconds: 3600 * Self.second)
        for index in budgets.indices { while budgets[index].withdraw(200, floor: floor, at: now) {} }
        var granted = 0
        let start = now
        var turn = 0
        while now.since(start) < 2 * Self.second {
            now = now + step
            turn += 1
            if budgets[turn % 4].withdraw(200, floor: floor, at: now) { granted += 1 }
        }
        #expect((19...21).contains(granted))
    }

    @Test func itHasNoMoreThanTenByTimeAlone() {
        var budget = RetryBudget()
        let floor = RetryFloor()
        var now = Instant(nanoseconds: 3600 * Self.second)
        while budget.withdraw(1, floor: floor, at: now) {}
        now = now + 3600 * Self.second
        var granted = 0
        while budget.withdraw(1, floor: floor, at: now) { granted += 1 }
        #expect(granted == 10)
    }

    @Test func aPoolWhoseRequestsEarnNothingHasNone() {
        var budget = RetryBudget()
        let floor = RetryFloor()
        budget.deposit(1000, stock: 100)
        let isGranted = budget.withdraw(0, floor: floor, at: Instant(nanoseconds: 3600 * Self.second))
        #expect(!isGranted)
    }

    @Test func theEndOfTimeIsNoTrap() {
        let floor = RetryFloor()
        let isTaken = floor.take(at: Instant(nanoseconds: .max - 1))
        while floor.take(at: .never) {}
        let isTakenStill = floor.take(at: .never)
        #expect(isTaken && !isTakenStill)
    }
}
