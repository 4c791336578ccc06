import AdminAPI

/// An instance that has let go of its state, and serves on with the backends it knew: only as long as another instance is
/// about to take over. What is changed there does not reach this one.
struct Departure {
    enum Step: Equatable {
        case wait
        /// Another instance serves with the state: this one has nothing left to do. With its process, as far as it is known.
        case end(Int32?)
        /// Nobody takes over.
        case takeBack
    }

    /// How often it looks.
    static let glanceMilliseconds = 200
    /// How long a successor may take to come, and one that is asked to let go.
    static let patienceNs: Int64 = 30_000_000_000
    /// How long the directory may be nobody's between two successors.
    static let pauseNs: Int64 = 2_000_000_000

    /// Since when nobody has had the directory, as far as was seen; nil while somebody has.
    private var emptySince: Int64?
    private var hasSeenSuccessor = false

    /// - Parameter now: Monotonic nanoseconds.
    init(at now: Int64) { emptySince = now }

    /// What to do, by who has the directory now.
    mutating func next(_ tenant: StateTenant, at now: Int64) -> Step {
        switch tenant {
        case .process(let process, isServing: true):
            return .end(process)
        case .process(_, isServing: false):
            hasSeenSuccessor = true
            emptySince = nil
            return .wait
        case .nobody:
            let since = emptySince ?? now
            emptySince = since
            return now - since >= (hasSeenSuccessor ? Self.pauseNs : Self.patienceNs) ? .takeBack : .wait
        }
    }
}
