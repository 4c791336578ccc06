package import Model

/// The bounds of the admin port. Every refusal names the one it met.
package struct AdminLimits: Equatable, Sendable {
    /// Connections served at once, a thread each. Past it: 503, then close.
    package var connectionsMax = 128
    /// Requests that wait for a condition at once. Past it: 429.
    package var waitsMax = 64
    /// A whole request head. Past it: 431.
    package var headBytesMax = 8 * 1024
    /// A request body. Past it: 413.
    package var bodyBytesMax = 1024 * 1024
    /// From the first byte of a request to the end of its head. Past it: 408.
    package var head = TimeSpan.seconds(10)
    /// From the end of the head to the end of the body. Past it: 408.
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
