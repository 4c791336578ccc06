import Synchronization

/// A number of places for requests that hold theirs for long: those that wait, those that stream, large documents.
final class Room: Sendable {
    private let taken = Mutex(0)

    /// Frees its place when the last reference goes.
    final class Place: Sendable {
        private let room: Room

        fileprivate init(_ room: Room) { self.room = room }

        deinit { room.taken.withLock { $0 -= 1 } }
    }

    /// A place; nil when `max` are taken.
    func enter(max: Int) -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < max else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(self) : nil
    }
}
