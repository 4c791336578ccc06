import Model

/// From a request to its answer: who may ask, what is asked for, and who answers it. Knows no socket.
struct AdminService: Sendable {
    let endpoints: Endpoints
    let gate: OriginGate
    let authentication: Authentication
    let limits: AdminLimits
    /// Places for bodies larger than `AdminLimits.bodyBytesMax`.
    let largeBodies = Room()

    /// What can be decided by the head alone, in this order: method, path, host, site, who asks, route, method of the
    /// route, role.
    func admit(_ request: AdminRequest) throws(Problem) -> Admission {
        var caller: Caller?
        do throws(Problem) {
            return try decide(request, &caller)
        } catch {
            if error.kind.isDenial { endpoints.denials.tell(error, request, caller) }
            throw error
        }
    }

    /// - Parameter known: Receives who asks, as soon as that is known.
    private func decide(_ request: AdminRequest, _ known: inout Caller?) throws(Problem) -> Admission {
        guard request.method != nil else {
            throw Self.notAllowed(request, AdminRequest.Method.allCases.map(\.rawValue))
        }
        try PathGate.check(request.path)
        try gate.check(request)
        let found = Router.route(of: request.path)
        let wanted: AdminRequest.Method? = request.method == .head ? .get : request.method
        let operation = found?.operations.first { $0.method == wanted }
        let caller: Caller
        do throws(Problem) {
            caller = try authentication.identify(request)
            known = caller
        } catch {
            guard let operation, operation.role == nil else { throw error }
            return Admission(operation: operation, caller: Authentication.stranger(request))
        }
        guard let route = found else {
            var problem = Problem(
                .unknownPath,
                "there is nothing at \(request.path)",
                hint: "GET /v1 lists what there is"
            )
            if let nearest = Router.nearest(to: request.path) { problem.hint = "did you mean \(nearest)?" }
            throw problem
        }
        if request.method == .options { return Admission(operation: Self.options(of: route), caller: caller) }
        guard let operation else { throw Self.notAllowed(request, route.allowed) }
        if let needed = operation.isPlan(request) ? .viewer : operation.role {
            guard let role = caller.role, role >= needed else {
                throw Problem.forbidden(caller, "\(request.methodText) \(route.template)", takes: needed)
            }
        }
        return Admission(operation: operation, caller: caller)
    }

    /// The answer, whatever it is.
    func answer(_ request: AdminRequest, _ admission: Admission, client: Int32) -> AdminResponse {
        let operation = admission.operation
        let begun = MonotonicClock.now()
        var response: AdminResponse
        do {
            let parameters = try QueryParameters(request.query, known: operation.parameters)
            response = try operation.answer(
                endpoints,
                Call(request: request, caller: admission.caller, parameters: parameters, client: client)
            )
        } catch let planned as Planned {
            response = planned.response
        } catch let problem as Problem {
            if problem.kind.isDenial { endpoints.denials.tell(problem, request, admission.caller) }
            response = problem.response(requestID: request.id)
        } catch let failure as ApplyFailure {
            response = endpoints.problem(failure).response(requestID: request.id)
        } catch {
            // What is left is StoreError, whose message is made for a person.
            response = Problem(.notDurable, "\(error)").response(requestID: request.id)
        }
        if case .stream(var stream) = response.body {
            let caller = admission.caller
            stream.isAllowed = { authentication.stillKnows(caller, by: request) }
            response.body = .stream(stream)
        }
        assert(
            operation.statuses.contains(response.status),
            "\(operation.method.rawValue) \(request.path) answered \(response.status), which it does not declare"
        )
        if endpoints.selfState.logLevel == .debug {
            let milliseconds = Double((MonotonicClock.now() - begun) / 1000) / 1000
            endpoints.log(
                "admin: \(request.methodText) \(request.path) answered \(response.status) in \(milliseconds) ms, "
                    + "for \(admission.caller.name)"
            )
        }
        return response
    }

    /// What a path takes (RFC 9110 §9.3.7), and no word of it for pages of other sites.
    private static func options(of route: Route) -> Operation {
        Operation(.options, statuses: [204]) { _, _ in
            var fields = [(name: "Allow", value: route.allowed.joined(separator: ", "))]
            if route.operations.contains(where: { $0.method == .patch }) {
                fields.append(("Accept-Patch", "\(MergePatch.mediaType), application/json"))
            }
            return AdminResponse(status: 204, fields: fields)
        }
    }

    private static func notAllowed(_ request: AdminRequest, _ allowed: [String]) -> Problem {
        let list = allowed.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "\(request.methodText) is not one of \(list)")
        problem.fields = [("Allow", list)]
        return problem
    }
}

/// What a head was admitted to, and whose it is.
struct Admission: Sendable {
    let operation: Operation
    let caller: Caller
}

extension Problem {
    /// 403 for one who is known and may not.
    static func forbidden(_ caller: Caller, _ what: String, takes role: Role) -> Problem {
        Problem(
            .forbidden,
            "\"\(caller.name)\" has the role \(caller.role?.rawValue ?? "none"), and \(what) takes \(role.rawValue)"
        )
    }
}

/// One admitted request with its query read.
struct Call: Sendable {
    let request: AdminRequest
    let caller: Caller
    let parameters: QueryParameters
    /// The connection's descriptor: a wait ends when the client has gone.
    let client: Int32

    /// What the third segment of the path names: a backend or a problem. `PathGate` saw to it that it decodes.
    var name: String {
        let segments = request.path.split(separator: "/")
        return segments.count > 2 ? PercentEncoding.decode(segments[2]) ?? "" : ""
    }

    /// Who asks, and why, as the history will tell it: the reason is what `reason` or `LB-Reason` says.
    ///
    /// - Throws: 400 for a reason that is too long.
    func author() throws(Problem) -> Author {
        let reasons = [parameters.text("reason"), request.field("lb-reason")].compactMap { $0 }
        for reason in reasons where reason.utf8.count > Self.reasonBytesMax {
            throw Problem(
                .badParameter,
                "the reason has \(reason.utf8.count) bytes, and may have at most \(Self.reasonBytesMax)"
            )
        }
        for reason in reasons where reason.hasControls {
            throw Problem(
                .badParameter,
                "the reason has control characters: \(reason.onOneLine)",
                hint: "a reason is one line of text"
            )
        }
        return Author(
            name: caller.name,
            way: caller.way,
            address: caller.address,
            reason: reasons.first.flatMap { $0.isEmpty ? nil : $0 },
            requestID: request.id
        )
    }

    private static let reasonBytesMax = 500
}
