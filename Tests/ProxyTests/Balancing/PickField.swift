import Model

@testable import Proxy

/// A pool of backends with their live facts, and one worker that picks among them.
final class PickField {
    let table = LiveTable()
    let snapshot: Snapshot
    var available: Availables
    let experiences = Experiences()
    var tried = TriedBackends()
    var now = Instant(nanoseconds: 1_000_000_000_000)
    private var random: SplitMix
    /// Backends looked at by the last pick.
    private(set) var looks = 0
    /// The most that the last pick may have in flight by its bounded load.
    private(set) var bound: UInt32 = 0

    static let ticket = 3

    /// Names are `b0`, `b1`, … All serve, and have for long.
    init(_ pool: PoolSpec, _ specs: [BackendSpec], seed: UInt64 = 1) {
        random = SplitMix(seed)
        var desired = DesiredState()
        desired.setPool(DesiredState.defaultPool, pool)
        var placements: [String: Compile.Placement] = [:]
        desired.appendBackends(specs.indices.map { .init(name: "b\($0)", spec: specs[$0]) })
        for index in specs.indices {
            // Live slots in another order than the pool's: the two must not be mixed up.
            let live = UInt32(specs.count - 1 - index)
            placements["b\(index)"] = Compile.Placement(live: live, epoch: 0, endpoints: [])
        }
        snapshot = Compile.snapshot(
            desired,
            sequence: 1,
            placements: placements,
            tickets: [DesiredState.defaultPool: UInt32(Self.ticket)]
        )
        for index in specs.indices {
            switch specs[index].state {
            case .ready: table.setAvailability(UInt32(specs.count - 1 - index), .serving)
            case .drain: table.setAvailability(UInt32(specs.count - 1 - index), .draining)
            case .maint: table.setAvailability(UInt32(specs.count - 1 - index), .maint)
            }
        }
        available = Availables(snapshot.view, of: table)
    }

    convenience init(_ algorithm: Algorithm, weights: [Int], requestsMax: Int = 0, seed: UInt64 = 1) {
        self.init(
            PoolSpec(algorithm: algorithm),
            weights.indices.map { Self.spec($0, weight: weights[$0], requestsMax: requestsMax) },
            seed: seed
        )
    }

    convenience init(_ algorithm: Algorithm, count: Int, seed: UInt64 = 1) {
        self.init(algorithm, weights: [Int](repeating: 1, count: count), seed: seed)
    }

    static func spec(
        _ index: Int,
        weight: Int = 1,
        requestsMax: Int = 0,
        state: BackendState = .ready,
        isBackup: Bool = false
    ) -> BackendSpec {
        guard let url = try? BackendURL("http://10.\(index / 65536).\(index / 256 % 256).\(index % 256)") else {
            preconditionFailure("an address makes a URL")
        }
        return BackendSpec(url: url, weight: weight, requestsMax: requestsMax, state: state, isBackup: isBackup)
    }

    var count: Int { snapshot.view.backends.count }

    func live(_ index: Int) -> UInt32 { snapshot.view.backends[index].live }
    func inFlight(_ index: Int) -> Int { table.backends[Int(live(index))].inFlight }

    func set(_ index: Int, _ availability: Availability) { table.setAvailability(live(index), availability) }

    /// The backend begins to serve now.
    func recover(_ index: Int) {
        table.backends[Int(live(index))].setServingSince(now)
        set(index, .serving)
    }

    /// Puts requests in flight that nobody here asked for.
    func load(_ index: Int, _ requests: Int) {
        for _ in 0..<requests { _ = table.backends[Int(live(index))].beginRequest(most: 0) }
        for _ in 0..<requests { table.tickets[Self.ticket].beginRequest() }
    }

    func pick(_ wish: PickWish = PickWish()) -> Pick {
        available.sync()
        var chooser = Chooser(
            0,
            of: available.pool(0, at: now),
            in: snapshot.view,
            live: table.backends,
            tickets: table.tickets,
            experiences: experiences,
            tried: tried,
            now: now,
            seed: random.next()
        )
        let picked = chooser.pick(wish)
        looks = chooser.looks
        bound = chooser.bound
        return picked
    }

    /// Picks, and counts the request in.
    func begin(_ wish: PickWish = PickWish()) -> Int? {
        guard case .backend(let index) = pick(wish) else { return nil }
        let limit = snapshot.view.backends[Int(index)].requestsMax
        let most = bound == 0 ? limit : limit == 0 ? bound : min(bound, limit)
        guard table.backends[Int(live(Int(index)))].beginRequest(most: most) else { return nil }
        table.tickets[Self.ticket].beginRequest()
        return Int(index)
    }

    func end(_ index: Int) {
        available.endRequest(at: live(index))
        table.tickets[Self.ticket].endRequest()
    }

    /// How often each backend is picked in so many turns, with nothing in flight.
    func shares(_ turns: Int, _ wish: (Int) -> PickWish = { _ in PickWish() }) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        for turn in 0..<turns { if case .backend(let index) = pick(wish(turn)) { counts[Int(index)] += 1 } }
        return counts
    }
}

/// Whether counts are what shares of them would be by chance, in all but one of a thousand cases.
func isLikely(_ counts: [Int], shares: [Double]) -> Bool {
    let total = Double(counts.reduce(0, +))
    let whole = shares.reduce(0, +)
    var chi2 = 0.0
    var freedom = -1.0
    for (count, share) in zip(counts, shares) {
        guard share > 0 else {
            if count > 0 { return false }
            continue
        }
        let expected = total * share / whole
        chi2 += (Double(count) - expected) * (Double(count) - expected) / expected
        freedom += 1
    }
    // Wilson and Hilferty (1931), with the 99.9th percentile of the normal distribution.
    let term = 1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)).squareRoot()
    return freedom > 0 && chi2 < freedom * term * term * term
}

extension Algorithm {
    /// Those that give equal backends equal shares by chance, when nothing is in flight and nobody is slow.
    static let drawn: [Algorithm] = [.random, .leastRequest, .leastRequestExact, .peakEWMA]
    /// Those that look at how busy a backend is.
    static let loadAware: [Algorithm] = [.leastRequest, .leastRequestExact, .peakEWMA]
}
