/// How the process runs: what only the file and the command line say, and only a restart changes.
package struct ProcessSettings: Equatable, Sendable {
    package var listeners: [ListenAddress]
    /// Those of `listeners` whose connections, when they come from a trusted proxy, begin with a PROXY protocol header.
    package var proxyProtocol: [ListenAddress]
    /// Who is believed about where a request comes from.
    package var trustedProxies: TrustedProxies
    /// Whether backends get RFC 7239's `Forwarded` besides the `X-Forwarded-…` fields.
    package var sendsForwarded: Bool
    package var admin: ListenAddress
    /// Who may use the admin API from the network; nil lets every process of this machine.
    package var adminTokenFile: String?
    /// Further names of this machine that the admin API answers to, without a port.
    package var adminHosts: [String]
    /// Changes through the admin API have to name the version that they are made to.
    package var adminRequiresIfMatch: Bool
    /// Nil is one worker per core.
    package var workers: Int?
    package var io: IOEngine
    /// The directory of the state store; nil is the default place.
    package var stateDirectory: String?
    package var accessLog: AccessLogSpec
    package var accessLogFormat: AccessLogFormat
    package var limits: Limits
    package var timeouts: Timeouts

    package static let workersMax = 64

    package init() {
        listeners = [.anywhere(port: 80)]
        proxyProtocol = []
        trustedProxies = TrustedProxies()
        sendsForwarded = false
        admin = .loopback(port: 9900)
        adminTokenFile = nil
        adminHosts = []
        adminRequiresIfMatch = false
        workers = nil
        io = .auto
        stateDirectory = nil
        accessLog = .path("stdout")
        accessLogFormat = .text
        limits = Limits()
        timeouts = Timeouts()
    }
}

/// How the workers ask the kernel for what they want done.
package enum IOEngine: String, Sendable, CaseIterable {
    /// io_uring where the kernel allows it, else epoll.
    case auto
    case ioUring = "io_uring"
    case epoll
}

package enum AccessLogSpec: Equatable, Sendable {
    case off
    /// `stdout` or a file's path.
    case path(String)
}

/// How a line of the access log is written: for people, or one JSON object for programs.
package enum AccessLogFormat: String, Sendable, CaseIterable {
    case text
    case json
}

/// The bounds of the data plane. Every refusal names the one it met.
package struct Limits: Equatable, Sendable {
    /// Method, target and version of a request. Past it: 414.
    package var requestLineBytesMax = 16 * 1024
    /// A whole head, request or response. Past it: 431, or 502 for a response.
    package var headBytesMax = 64 * 1024
    /// Field lines of a head. Past it: 431, or 502 for a response.
    package var fieldsMax = 128
    /// Request body; nil has no limit. Past it: 413.
    package var bodyBytesMax: UInt64?
    /// Client connections of the process; nil derives it from the descriptor limit.
    package var connectionsMax: Int?
    /// Requests that wait for a backend with room, over all workers. Past it: 503.
    package var queueMax = 1024

    package init() {}
}

/// How long the data plane waits for whom.
package struct Timeouts: Equatable, Sendable {
    /// TCP connect to a backend, before another one is tried.
    package var connect = TimeSpan.seconds(2)
    /// A request's wait for a backend with room. Past it: 503.
    package var queue = TimeSpan.seconds(5)
    /// From the first byte of a request to the end of its head. Past it: 408.
    package var clientHead = TimeSpan.seconds(10)
    /// Between two requests of a client.
    package var clientIdle = TimeSpan.seconds(75)
    /// No byte of a request body came, or none of a response could be sent.
    package var clientStall = TimeSpan.seconds(30)
    /// From the request being sent to the first byte of the answer. Past it: 504.
    package var responseFirstByte = TimeSpan.seconds(60)
    /// Between two reads of an answer.
    package var responseStall = TimeSpan.seconds(60)
    /// An idle upstream connection.
    package var upstreamIdle = TimeSpan.seconds(15)
    /// An upgraded connection (WebSocket) without a byte either way.
    package var tunnelIdle = TimeSpan.seconds(3600)
    /// An upgraded connection of which one side has said its last byte.
    package var tunnelEnd = TimeSpan.seconds(30)
    /// From a stop signal to the cut.
    package var stop = TimeSpan.seconds(30)

    package init() {}
}
