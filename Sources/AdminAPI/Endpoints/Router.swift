import Model

/// What one method of a resource takes, answers, and by whom.
struct Operation: Sendable {
    let method: AdminRequest.Method
    /// The query parameters it knows, besides `pretty`.
    let parameters: [String]
    /// The statuses it answers with, besides `Router.commonStatuses`.
    let statuses: Set<Int>
    /// The least role that may; nil is open to whoever reaches the port.
    let role: Role?
    /// Its body may be a whole document, and as large.
    let takesDocument: Bool
    let answer: @Sendable (Endpoints, Call) throws -> AdminResponse

    init(
        _ method: AdminRequest.Method,
        parameters: [String] = [],
        statuses: Set<Int>,
        role: Role? = nil,
        isOpen: Bool = false,
        takesDocument: Bool = false,
        answer: @escaping @Sendable (Endpoints, Call) throws -> AdminResponse
    ) {
        self.method = method
        self.parameters = parameters
        self.statuses = statuses.union(Router.commonStatuses).union(isOpen ? [] : [401])
        self.takesDocument = takesDocument
        // Only an admin changes anything, unless a line of the table says otherwise.
        self.role = isOpen ? nil : role ?? (method == .get ? .viewer : .admin)
        self.answer = answer
    }

    /// Whether the request asks what a change would do and changes nothing, which is a look.
    ///
    /// `dry_run=probe` is none: it sends health checks to addresses of the caller's choice.
    func isPlan(_ request: AdminRequest) -> Bool {
        guard parameters.contains(where: { $0 == "dry_run" }) else { return false }
        // By the reader that the change itself is decided by.
        guard let read = try? QueryParameters(request.query, known: parameters) else { return false }
        return read.text("dry_run").map { $0 == "plan" || $0.isEmpty } ?? false
    }
}

/// A path template and its operations. GET answers HEAD too, and each path answers OPTIONS.
struct Route: Sendable {
    let template: String
    let operations: [Operation]

    /// For the `Allow` field.
    var allowed: [String] {
        operations.flatMap { $0.method == .get ? ["GET", "HEAD"] : [$0.method.rawValue] } + ["OPTIONS"]
    }

    fileprivate func matches(_ segments: [Substring]) -> Bool {
        let pattern = template.split(separator: "/")
        return pattern.count == segments.count
            && zip(pattern, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

/// The table of everything the admin port serves. `openapi.yaml` says the same, and a test compares them.
enum Router {
    /// What any operation may answer before it is reached: see `AdminService.admit` and `AdminExchange`.
    static let commonStatuses: Set<Int> = [400, 403, 408, 413, 414, 417, 431, 501, 503, 505]

    static let routes: [Route] = stateRoutes + liveRoutes

    private static let liveRoutes: [Route] = [
        Route(
            template: "/v1",
            operations: [Operation(.get, statuses: [200]) { endpoints, call in endpoints.root(call) }]
        ),
        Route(
            template: "/v1/backends/{name}/health",
            operations: [
                Operation(.get, statuses: [200, 404]) { endpoints, call in try endpoints.healthOfOne(call) }
            ]
        ),
        Route(
            template: "/v1/backends/{name}/probe",
            operations: [
                Operation(.post, statuses: [200, 404, 429], role: .operator_) { endpoints, call in
                    try endpoints.probe(call)
                }
            ]
        ),
        Route(
            template: "/v1/health",
            operations: [
                Operation(.get, parameters: ["pool", "until", "wait"], statuses: [200, 404, 429, 504]) {
                    endpoints,
                    call in
                    try endpoints.health(call)
                }
            ]
        ),
        Route(
            template: "/v1/events",
            operations: [
                Operation(
                    .get,
                    parameters: ["type", "backend", "snapshot", "after", "follow"],
                    statuses: [200, 410, 429]
                ) { endpoints, call in
                    try endpoints.streamEvents(call)
                }
            ]
        ),
        Route(
            template: "/v1/operations",
            operations: [
                Operation(.get, parameters: ["state", "backend"], statuses: [200]) { endpoints, call in
                    try endpoints.listOperations(call)
                }
            ]
        ),
        Route(
            template: "/v1/operations/{id}",
            operations: [
                Operation(.get, parameters: ["wait"], statuses: [200, 404, 429]) { endpoints, call in
                    try endpoints.showOperation(call)
                },
                Operation(.delete, statuses: [200, 404, 409, 412, 428, 500, 507], role: .operator_) {
                    endpoints,
                    call in
                    try endpoints.cancelOperation(call)
                },
            ]
        ),
        Route(
            template: "/v1/self",
            operations: [
                Operation(.get, statuses: [200]) { endpoints, call in endpoints.showSelf(call) },
                Operation(.patch, statuses: [200, 415, 422], role: .operator_) { endpoints, call in
                    try endpoints.patchSelf(call)
                },
            ]
        ),
        Route(
            template: "/v1/stats",
            operations: [Operation(.get, statuses: [200]) { endpoints, call in endpoints.stats(call) }]
        ),
        Route(
            template: "/metrics",
            operations: [Operation(.get, statuses: [200]) { endpoints, call in endpoints.metrics() }]
        ),
        Route(
            template: "/healthz",
            operations: [Operation(.get, statuses: [200], isOpen: true) { endpoints, call in try endpoints.liveness() }]
        ),
        Route(
            template: "/readyz",
            operations: [
                Operation(.get, parameters: ["verbose", "strict"], statuses: [200], isOpen: true) { endpoints, call in
                    try endpoints.readiness(call)
                }
            ]
        ),
    ]

    static func route(of path: String) -> Route? {
        guard !path.hasSuffix("/") else { return nil }
        let segments = path.split(separator: "/")
        return routes.first { $0.matches(segments) }
    }

    /// The path that was probably meant, in the form it should be typed.
    static func nearest(to path: String) -> String? {
        var trimmed = path[...]
        while trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        if route(of: String(trimmed)) != nil { return String(trimmed) }
        if route(of: "/v1" + trimmed) != nil { return "/v1" + trimmed }
        return Spelling.nearest(String(trimmed), among: routes.map(\.template).filter { !$0.contains("{") })
    }
}
