import Model

/// `/v1/problems/{slug}`: the manual of every problem, served by the program that has it.
extension Endpoints {
    /// Markdown, or JSON for those who ask for it.
    func problemPage(_ call: Call) throws -> AdminResponse {
        guard let kind = ProblemKind(rawValue: call.name) else {
            let nearest = Spelling.nearest(call.name, among: ProblemKind.allCases.map(\.rawValue))
            throw Problem(
                .notFound,
                "there is no problem \"\(call.name)\"",
                hint: nearest.map { "did you mean /v1/problems/\($0)?" }
            )
        }
        let wantsJSON = call.request.field("accept")?.contains("json") == true
        return AdminResponse(status: 200, body: wantsJSON ? .json(kind.manualJSON) : .markdown(kind.manual))
    }
}
