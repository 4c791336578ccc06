import Model

/// How many backends of one pool may be ejected: never more than a share of them, but one where the share is less than that,
/// and never the last that serves.
///
/// Counted are those that are meant to take traffic: ready, and of a weight that is not 0.
package struct EjectionLimit: Equatable, Sendable {
    package var members = 0
    package var serving = 0
    package var ejected = 0

    package init(members: Int = 0, serving: Int = 0, ejected: Int = 0) {
        self.members = members
        self.serving = serving
        self.ejected = ejected
    }

    /// Follows a member from one phase to another.
    package mutating func note(_ change: BackendMachine.Change) {
        serving += (change.to == .serving ? 1 : 0) - (change.from == .serving ? 1 : 0)
        ejected += (change.to == .ejected ? 1 : 0) - (change.from == .ejected ? 1 : 0)
    }

    /// Whether one of those that serve may be ejected.
    /// - Parameter share: of the members, 0…1.
    package func allowsAnother(share: Double) -> Bool { serving >= 2 && ejected < most(share) }

    /// How many of the ejected are too many, as when other members have left.
    package func excess(share: Double) -> Int { max(0, ejected - most(share)) }

    /// In a small pool a share that is not 0 is one backend: who asks for ejections gets them. One member always stays.
    private func most(_ share: Double) -> Int {
        guard share > 0 else { return 0 }
        return max(0, min(max(1, Share.most(share, of: members)), members - 1))
    }
}
