import Model

/// Who asks, as far as the port can tell.
struct Caller: Equatable, Sendable {
    /// `uid 0`, an address, or the token's name.
    let name: String
    let way: Author.Way
    /// Where the request came from; nil on a unix socket.
    let address: String?
    /// Nil for one that is not known: it may see whether the daemon lives and is ready, and nothing else.
    let role: Role?
}

/// Finds out who asks.
///
/// Without a token file whoever reaches the port may do everything: it is on loopback or a unix socket then. With one,
/// everybody on the network needs a token; a unix socket's file mode has let its users in already.
struct Authentication: Sendable {
    let book: TokenBook?

    /// The challenge of every 401 (RFC 6750 §3).
    private static let challenge = "Bearer realm=\"lb admin\""

    /// Throws 401.
    func identify(_ request: AdminRequest) throws(Problem) -> Caller {
        let isUnix = request.localAddress == nil
        guard let book else { return Self.open(request, isUnix) }
        guard let credentials = request.field("authorization") else {
            if isUnix { return Self.open(request, isUnix) }
            throw Self.refusal(
                "the request has no token",
                challenge: Self.challenge,
                hint: "send \"Authorization: Bearer TOKEN\""
            )
        }
        let parts = credentials.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Self.refusal(
                "the field Authorization does not hold a bearer token",
                challenge: Self.challenge + ", error=\"invalid_request\"",
                hint: "send \"Authorization: Bearer TOKEN\""
            )
        }
        guard let entry = book.entry(of: String(parts[1].trimmed)) else {
            throw Self.refusal(
                "the token is not one of those known here",
                challenge: Self.challenge + ", error=\"invalid_token\"",
                hint: "the token file holds the SHA-256 of each token: printf %s \"$TOKEN\" | sha256sum"
            )
        }
        return Caller(name: entry.name, way: .token, address: isUnix ? nil : request.peer, role: entry.role)
    }

    /// Whether the token that `caller` was let in by still has the same name and role.
    func stillKnows(_ caller: Caller, by request: AdminRequest) -> Bool {
        guard caller.way == .token else { return true }
        return (try? identify(request)) == caller
    }

    /// One that could not be identified.
    static func stranger(_ request: AdminRequest) -> Caller {
        Caller(name: request.peer, way: .network, address: request.peer, role: nil)
    }

    private static func open(_ request: AdminRequest, _ isUnix: Bool) -> Caller {
        Caller(
            name: request.peer,
            way: isUnix ? .unix : .network,
            address: isUnix ? nil : request.peer,
            role: .admin
        )
    }

    private static func refusal(_ detail: String, challenge: String, hint: String) -> Problem {
        var problem = Problem(.unauthorized, detail, hint: hint)
        problem.fields = [("WWW-Authenticate", challenge)]
        return problem
    }
}
