/// The table by which a hash pool finds a key's backend among its primaries, or its backups: 65,537 places, each held by one backend, made on the control
/// side.
///
/// As in Maglev (Eisenbud et al., 2016) every backend has a permutation of the places from its name alone, and all of them
/// claim places in that order, the heavier ones at a faster pace. Other than there, a backend that finds a place taken does
/// not claim another one in its stead. So a place belongs to whoever ranks it highest, and when a backend leaves, only its
/// own places change hands, where Maglev's turns would reshuffle several times as many in a large pool. What that costs in
/// evenness is bounded: nobody holds more than 1.1 times its share (docs/decisions/0006).
package enum HashTable {
    /// A prime, so that every step leads through all places.
    package static let size = 65_537
    /// Nobody holds more than this many times its share.
    package static let shareMax = 1.1

    /// A backend as the table sees it.
    package struct Member: Equatable, Sendable {
        package var name: String
        /// Positive.
        package var weight: Int
        /// What the table says of it.
        package var seat: UInt16

        package init(name: String, weight: Int, seat: UInt16) {
            self.name = name
            self.weight = weight
            self.seat = seat
        }
    }

    /// The seat that holds each place; empty without members. It depends on names and weights, not on their order.
    ///
    /// O(size · log size), a few milliseconds.
    package static func build(_ members: [Member]) -> [UInt16] {
        guard !members.isEmpty else { return [] }
        var claimants = members.sorted { $0.name < $1.name }.map(Claimant.init)
        let total = claimants.reduce(0.0) { $0 + $1.weight }
        for index in claimants.indices {
            claimants[index].room = Int((shareMax * Double(size) * claimants[index].weight / total).rounded(.up))
        }
        var holders = [UInt16](repeating: 0, count: size)
        var isHeld = [Bool](repeating: false, count: size)
        var left = size
        // One round is as long as the heaviest one with room left needs for a claim.
        var pace = claimants.reduce(0.0) { max($0, $1.pace) }
        while true {
            var nextPace = 0.0
            for index in claimants.indices where claimants[index].room > 0 {
                claimants[index].due += claimants[index].pace / pace
                while claimants[index].due >= 1, claimants[index].room > 0 {
                    claimants[index].due -= 1
                    let place = claimants[index].nextPlace()
                    guard !isHeld[place] else { continue }
                    isHeld[place] = true
                    holders[place] = claimants[index].seat
                    claimants[index].room -= 1
                    left -= 1
                    if left == 0 { return holders }
                }
                if claimants[index].room > 0 { nextPace = max(nextPace, claimants[index].pace) }
            }
            pace = nextPace
        }
    }

    private struct Claimant {
        let seat: UInt16
        let weight: Double
        private var place: Int
        private let step: Int
        /// Claims that its weight has earned.
        var due = 0.0
        private var claims = 0
        /// How fast it claims. It slows down as it gets through its permutation, so that who ranks a place highest is a race of
        /// exponential times, which each wins as often as its weight among them says.
        var pace: Double { weight * max(1, Double(size - claims)) }
        /// Places that it may still take.
        var room = 0

        init(_ member: Member) {
            seat = member.seat
            weight = Double(member.weight)
            let hash = Hash.of(member.name)
            place = Int(hash % UInt64(size))
            step = Int(SplitMix.mix(hash) % UInt64(size - 1)) + 1
        }

        mutating func nextPlace() -> Int {
            let place = self.place
            claims += 1
            self.place = (place + step) % size
            return place
        }
    }
}

/// The hash tables of the last snapshot, to be used again while a group's members are the same ones.
package struct HashTables: Sendable {
    private struct Group: Hashable {
        let pool: String
        let isBackup: Bool
    }

    private var tables: [Group: (members: [HashTable.Member], places: [UInt16])] = [:]

    package init() {}

    mutating func table(of pool: String, ofBackups: Bool, _ members: [HashTable.Member]) -> [UInt16] {
        let group = Group(pool: pool, isBackup: ofBackups)
        if let kept = tables[group], kept.members == members { return kept.places }
        let places = HashTable.build(members)
        tables[group] = (members, places)
        return places
    }

    mutating func forget(_ pool: String) {
        for isBackup in [false, true] { tables[Group(pool: pool, isBackup: isBackup)] = nil }
    }
}
