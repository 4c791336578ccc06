package import Model

/// The bounds of the admin port. Every refusal names the one it met.
package struct AdminLimits: Equatable, Sendable {
    /// Connections served at once, a thread each: `waitsMax`, `streamsMax`, and as many for everything else. Past it a
    /// connection that keeps us waiting makes room; without one, 503, then close.
    package var connectionsMax = 192
    /// Requests that wait for a condition at once. Past it: 429, but a DELETE is answered 202.
    package var waitsMax = 64
    /// Of `waitsMax`, those that only requests that change something may take.
    package var waitsOfWriters: Int { waitsMax / 4 }
    /// Event streams at once. Past it: 429.
    package var streamsMax = 64
    /// A whole request head. Past it: 431.
    package var headBytesMax = 8 * 1024
    /// A request body. Past it: 413.
    package var bodyBytesMax = 1024 * 1024
    /// The body of a request that takes a whole document. Past it: 413.
    ///
    /// The largest state there can be is 16,384 backends of 32 labels of 64 + 128 bytes: 115 MB as it is exported.
    package var documentBytesMax = 160 * 1024 * 1024
    /// Bodies of more than `bodyBytesMax` that are held at once. Past it: 429.
    package var documentsMax = 1
    /// From the first byte of a request to the end of its head. Past it: 408.
    package var head = TimeSpan.seconds(10)
    /// From the end of the head to the end of the body, and a second for each MiB of it. Past it: 408.
    package var body = TimeSpan.seconds(10)
    /// Between two requests of a connection.
    package var idle = TimeSpan.seconds(75)
    /// Sending one answer. Past it the connection is cut.
    package var send = TimeSpan.seconds(30)
    /// The longest `wait` a request may ask for.
    package var waitMax = TimeSpan.seconds(3600)
    /// How often a stream without news says that it lives.
    package var heartbeat = TimeSpan.seconds(15)
    /// Changes without `If-Match` or `If-None-Match` are refused: 428.
    package var requiresIfMatch = false
    /// How long `stop` lets running answers finish.
    package var stop = TimeSpan.seconds(5)

    package init() {}
}
