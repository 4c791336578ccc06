/// What the drain of one backend has come to: one that was removed, or whose state became `drain` or `maint`.
///
/// A drain begins when every worker has adopted the state in which the backend takes nothing new. It is over when
/// nothing that it carried is left.
package struct DrainProgress: Equatable, Sendable {
    /// Its own number: a name may be given to another backend while the first one still drains.
    package var number: UInt64
    package var name: String
    package var pool: String
    package var url: BackendURL
    /// Requests, without tunnels.
    package var inFlightAtStart: Int
    package var inFlight: Int
    /// Upgraded connections that are open.
    package var streams: Int
    /// Requests that came to their own end here.
    package var completed: Int
    /// Requests that were taken away from it, for a fault or because it has gone, and sent again elsewhere.
    package var moved: Int
    /// Requests that were ended by `ControlPlane.cut`, and whose clients saw it.
    package var cut: Int
    /// Upgraded connections that were ended so.
    package var streamsClosed: Int
    /// Idle connections that were closed at the start.
    package var idleClosed: Int
    /// Requests that the backend was given after the start: 0, or a worker did not keep its word.
    package var sentAfterStart: Int
    package var isOver: Bool

    package init(number: UInt64, name: String, pool: String, url: BackendURL) {
        self.number = number
        self.name = name
        self.pool = pool
        self.url = url
        inFlightAtStart = 0
        inFlight = 0
        streams = 0
        completed = 0
        moved = 0
        cut = 0
        streamsClosed = 0
        idleClosed = 0
        sentAfterStart = 0
        isOver = false
    }
}
