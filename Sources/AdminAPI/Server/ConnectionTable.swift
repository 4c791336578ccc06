/// The connections of the admin port, and which of them leaves when another needs its place. Knows no socket.
///
/// A connection is in one of three stages. The port waits for its client while it is `asking` or `taking`: a client
/// that sends half a request, or does not read its answer, costs nothing to hold a place with. So such a connection
/// gives its place to a newcomer. A connection that is `answering` keeps it: its request was admitted, and the work is
/// ours. The number of those is bounded elsewhere (`Room`).
///
/// One address cannot lock the others out: the address with the most connections loses one first.
struct ConnectionTable {
    enum Stage: Equatable {
        /// There is no complete and admitted request: it is idle, or has sent a part of one.
        case asking
        /// Its request is being worked on, or its events are being streamed.
        case answering
        /// Its answer is being sent.
        case taking
    }

    private struct Entry {
        let peer: String
        var stage: Stage
        /// Orders the entries by the moment they came to their stage.
        var order: UInt64
    }

    private var entries: [Int32: Entry] = [:]
    private var lastOrder: UInt64 = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var descriptors: [Int32] { Array(entries.keys) }

    /// Takes a new connection in, which is `asking`.
    mutating func insert(_ descriptor: Int32, of peer: String) {
        lastOrder += 1
        entries[descriptor] = Entry(peer: peer, stage: .asking, order: lastOrder)
    }

    /// Notes the stage of a connection. False when it has lost its place, and must not go on.
    ///
    /// Bytes of a request do not change the stage: a client that sends one byte a second grows old.
    mutating func move(_ descriptor: Int32, to stage: Stage) -> Bool {
        guard var entry = entries[descriptor] else { return false }
        guard entry.stage != stage else { return true }
        lastOrder += 1
        entry.stage = stage
        entry.order = lastOrder
        entries[descriptor] = entry
        return true
    }

    mutating func remove(_ descriptor: Int32) { entries[descriptor] = nil }

    /// Takes out the connection that makes room for a newcomer; nil when every one is being answered.
    ///
    /// Those without a request go before those that read their answers slowly. Among them the address with the most
    /// connections loses its oldest. O(n).
    mutating func makeRoom() -> Int32? {
        var shares: [String: Int] = [:]
        for entry in entries.values { shares[entry.peer, default: 0] += 1 }
        for stage in [Stage.asking, .taking] {
            let victim = entries.filter { $0.value.stage == stage }.min { left, right in
                let (mine, other) = (shares[left.value.peer] ?? 0, shares[right.value.peer] ?? 0)
                return mine == other ? left.value.order < right.value.order : mine > other
            }
            guard let victim else { continue }
            entries[victim.key] = nil
            return victim.key
        }
        return nil
    }
}
