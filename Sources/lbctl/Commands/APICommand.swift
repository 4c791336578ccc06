/// `lbctl api METHOD PATH`: any request to the admin API.
enum APICommand {
    static let command = Command(
        group: .tool,
        name: "api",
        operands: "[METHOD] PATH",
        operandCount: 1...2,
        kind: .words(AdminRequest.Method.allCases.map(\.rawValue)),
        flags: [
            Flag("data", short: "d", value: "JSON|@FILE|-", help: "the body: as written, of a file, or of stdin"),
            Flag("header", short: "H", value: "FIELD", help: "a header field, such as 'X-Y: z'; may be repeated"),
        ],
        summary: "send any request to the admin API, with address and token",
        details: [
            "METHOD is GET unless said, PATH begins with /. What comes back is printed as it",
            "is, also when it is an error; the exit code is that of its status.",
        ],
        examples: [
            Command.Example("lbctl api /v1"), Command.Example("lbctl api PATCH /v1/backends/web-1 -d '{\"weight\":3}'"),
            Command.Example("lbctl api GET '/v1/health?until=healthy&wait=10s'"),
        ],
        work: .exchange(
            plan: { invocation, _ throws(Failure) in [try request(invocation)] },
            carryOut: { requests, _, session throws(Failure) in
                for request in requests {
                    let answer = try session.patientExchange(request)
                    session.show(answer.body)
                    guard !(200..<400).contains(answer.status) else { continue }
                    // The body was shown as it is; its words need no second time. Whoever writes a request out knows what its
                    // path is about: the status alone decides.
                    let code = (try? JSONReader.read(answer.body))?["code"]?.string
                    throw Failure(
                        ExitCode(status: answer.status, code: code),
                        "\(request.method.rawValue) \(request.path) was answered \(answer.summary)"
                    )
                }
                return .done
            }
        )
    )

    private static func request(_ invocation: Invocation) throws(Failure) -> AdminRequest {
        let path = invocation.operands[invocation.operands.count - 1]
        var method = AdminRequest.Method.get
        if invocation.operands.count == 2 {
            let word = invocation.operands[0]
            guard let known = AdminRequest.Method(rawValue: word.uppercased()) else {
                let names = AdminRequest.Method.allCases.map(\.rawValue)
                let failure = Failure(.usage, "\"\(word)\" is none of \(names.joined(separator: ", "))")
                throw nearestWord(word, among: names).map { failure.suggesting("lbctl api \($0) \(path)") } ?? failure
            }
            method = known
        } else if invocation.has("data") {
            method = .post
        }
        guard path.hasPrefix("/") else {
            let failure = Failure(.usage, "a path begins with /, unlike \"\(path)\"")
            throw AdminRequest.Method(rawValue: path.uppercased()) == nil
                ? failure.suggesting(path.hasPrefix("v1") ? "/\(path)" : "/v1/\(path)")
                : failure.suggesting("lbctl api \(path) /v1")
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Failure(.usage, "a path is visible ASCII; write anything else as %XX")
        }
        var body: AdminRequest.Body?
        if let text = invocation.value("data") {
            let isFile = text.hasPrefix("@") || text == "-"
            let source = text == "-" ? "-" : String(text.dropFirst())
            let type = method == .patch ? "application/merge-patch+json" : "application/json"
            body = AdminRequest.Body(
                bytes: isFile ? try contents(ofFile: source) : Array(text.utf8),
                source: isFile ? source : nil,
                type: type
            )
        }
        var request = AdminRequest(method, path, body: body, changes: method.isSafe ? nil : path)
        for line in invocation.all("header") {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                line.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
            else {
                throw Failure(.usage, "--header: \"\(line)\" is not NAME: VALUE")
            }
            request.further.append((String(line[..<colon]), String(line[line.index(after: colon)...]).trimmed))
        }
        return request
    }
}
