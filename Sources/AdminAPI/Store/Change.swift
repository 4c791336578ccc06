import Model

/// Who makes a change, and why: what the history, the events and the log tell of it.
struct Author: Equatable, Sendable {
    /// How the author reached us.
    enum Way: String, Sendable {
        case file
        /// A unix socket; the kernel vouches for the user.
        case unix
        /// A TCP connection, open to whoever is on this machine.
        case network
        case token
    }

    /// `file`, `uid 0`, the address of a connection, or the name of a token.
    let name: String
    let way: Way
    /// Where the request came from; nil for the file.
    var address: String?
    /// In the author's words.
    var reason: String?
    /// Of the request; nil for the file.
    var requestID: String?

    static let file = Author(name: "file", way: .file)
}

/// What a write wants: specs by name, where nil removes.
///
/// A change of a name that waits is settled by a draft of the same name, whether that has another wish or the same.
struct Draft {
    /// What becomes of changes that wait and whose names the draft does not have.
    enum Waiters {
        /// They wait on, or come true when the draft brings what they lack.
        case stay
        /// The draft says all there is: they are dropped, but for those that it names as waiting.
        case dropped(except: Set<ResourceKey>)
        /// These are dropped.
        case someDropped(Set<ResourceKey>)
    }

    var pools: [(name: String, spec: PoolSpec?)] = []
    var backends: [(name: String, spec: BackendSpec?)] = []
    var waiters = Waiters.stay
    var cause = Change.Cause.write

    func drops(_ key: ResourceKey) -> Bool {
        switch waiters {
        case .stay: false
        case .dropped(let kept): !kept.contains(key)
        case .someDropped(let keys): keys.contains(key)
        }
    }
}

/// What a draft comes to, before it is kept: with the changes that waited and now come true.
struct Proposal {
    /// All that changes.
    let merged: Draft
    /// Names of the draft that would have to wait, because others have waited longer.
    let unmet: [String]
    /// Those that have waited and come true, in words.
    let awaited: [String]
}

/// One revision: what it changed, from what to what. Consumed by the events.
struct Change: Equatable, Sendable {
    enum Cause: Equatable, Sendable {
        /// A request.
        case write
        /// Back to what was desired at an earlier revision.
        case rollback(to: UInt64)
        /// The configuration file was read again.
        case file
    }

    struct Resource<Spec: Equatable & Sendable>: Equatable, Sendable {
        let name: String
        /// Nil when it is new.
        let before: Spec?
        /// Nil when it is removed.
        let after: Spec?
    }

    let revision: UInt64
    /// Nanoseconds of the UNIX epoch.
    let at: Int64
    let author: Author
    let cause: Cause
    let isForced: Bool
    /// By name.
    let pools: [Resource<PoolSpec>]
    /// By name.
    let backends: [Resource<BackendSpec>]
    /// A line for people.
    let summary: String

    /// Nothing is another than before; a revision of the file may only have made run-time changes forgotten.
    var isEmpty: Bool { pools.isEmpty && backends.isEmpty }
}

extension Change.Resource {
    /// What is different between two lists of entries, by name. O(entries).
    static func difference(
        _ before: [DesiredState.Entry<Spec>],
        _ after: [DesiredState.Entry<Spec>]
    ) -> [Change.Resource<Spec>] {
        var left = Dictionary(before.map { ($0.name, $0.spec) }) { _, last in last }
        var found: [Change.Resource<Spec>] = []
        for entry in after {
            let known = left.removeValue(forKey: entry.name)
            if known != entry.spec {
                found.append(Change.Resource(name: entry.name, before: known, after: entry.spec))
            }
        }
        for (name, spec) in left { found.append(Change.Resource(name: name, before: spec, after: nil)) }
        return found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

/// What a request with an `Idempotency-Key` did, for the time it is sent again.
struct IdempotencyReceipt: Equatable, Sendable {
    let key: String
    /// Of the request that was sent with the key first.
    let fingerprint: String
    /// Of the backend that was added.
    let name: String
    /// Set when it is committed.
    var revision: UInt64 = 0
}
