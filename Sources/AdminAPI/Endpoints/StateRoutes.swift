import Model

/// What is desired: backends, pools, the whole of it, and its past.
extension Router {
    /// What any write may answer, besides what is said of it: a guard (409), a precondition (412, 428), the type and
    /// the content of the body (415, 422), the store and the plane (500, 507).
    private static let writeStatuses: Set<Int> = [200, 409, 412, 415, 422, 428, 500, 507]

    static let stateRoutes: [Route] = [
        Route(
            template: "/v1/backends",
            operations: [
                Operation(.get, parameters: Endpoints.listParameters, statuses: [200, 304, 404]) { endpoints, call in
                    try endpoints.list(call)
                },
                Operation(
                    .post,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([201, 429, 504]),
                    role: .admin
                ) { endpoints, call in
                    try endpoints.add(call)
                },
                Operation(
                    .patch,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([429, 504]),
                    role: .operator_,
                    takesDocument: true
                ) { endpoints, call in
                    try endpoints.patchMany(call)
                },
            ]
        ),
        Route(
            template: "/v1/backends/{name}",
            operations: [
                Operation(.get, statuses: [200, 304, 404]) { endpoints, call in try endpoints.show(call) },
                Operation(
                    .put,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([201, 429, 504]),
                    role: .admin
                ) { endpoints, call in
                    try endpoints.put(call)
                },
                Operation(
                    .patch,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([404, 429, 504]),
                    role: .operator_
                ) { endpoints, call in
                    try endpoints.patch(call)
                },
                Operation(
                    .delete,
                    parameters: Endpoints.writeParameters + ["wait", "drain"],
                    statuses: [200, 202, 404, 409, 412, 428, 429, 500, 504, 507],
                    role: .admin
                ) { endpoints, call in
                    try endpoints.remove(call)
                },
            ]
        ),
        Route(
            template: "/v1/pools",
            operations: [Operation(.get, statuses: [200, 304]) { endpoints, call in try endpoints.pools(call) }]
        ),
        Route(
            template: "/v1/pools/{name}",
            operations: [
                Operation(.get, statuses: [200, 304, 404]) { endpoints, call in try endpoints.showPool(call) },
                Operation(
                    .put,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([201, 429, 504]),
                    role: .admin
                ) { endpoints, call in
                    try endpoints.putPool(call)
                },
                Operation(
                    .patch,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([404, 429, 504]),
                    role: .admin
                ) { endpoints, call in
                    try endpoints.patchPool(call)
                },
                Operation(
                    .delete,
                    parameters: Endpoints.writeParameters,
                    statuses: [200, 404, 409, 412, 428, 500, 507],
                    role: .admin
                ) { endpoints, call in
                    try endpoints.removePool(call)
                },
            ]
        ),
        Route(
            template: "/v1/config",
            operations: [
                Operation(.get, parameters: ["revision"], statuses: [200, 304, 404, 410, 429, 507]) { endpoints, call in
                    try endpoints.config(call)
                },
                Operation(
                    .put,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([429, 504]),
                    role: .admin,
                    takesDocument: true
                ) { endpoints, call in
                    try endpoints.putConfig(call)
                },
                Operation(
                    .patch,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([429, 504]),
                    role: .admin,
                    takesDocument: true
                ) { endpoints, call in
                    try endpoints.patchConfig(call)
                },
            ]
        ),
        Route(
            template: "/v1/history",
            operations: [
                Operation(.get, parameters: ["limit", "after", "before"], statuses: [200, 507]) { endpoints, call in
                    try endpoints.history(call)
                }
            ]
        ),
        Route(
            template: "/v1/rollback",
            operations: [
                Operation(
                    .post,
                    parameters: Endpoints.writeParameters + ["wait"],
                    statuses: writeStatuses.union([404, 410, 429, 504]),
                    role: .admin
                ) { endpoints, call in
                    try endpoints.rollback(call)
                }
            ]
        ),
        Route(
            template: "/openapi.json",
            operations: [Operation(.get, statuses: [200], isOpen: true) { _, _ in OpenAPIDocument.answer }]
        ),
        Route(
            template: "/v1/problems/{slug}",
            operations: [
                Operation(.get, statuses: [200, 404], isOpen: true) { endpoints, call in try endpoints.problemPage(call)
                }
            ]
        ),
    ]
}
