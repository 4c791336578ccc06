/// What the fuzzer runs: each takes any bytes, and must neither trap nor break its rules. A rule that is broken traps too,
/// so that libFuzzer keeps the input; kept inputs are run again by the tests.
enum FuzzTarget: String, CaseIterable {
    case request
    case response
    case body
    case proxy
    case config
    case json
    case connection
    case admin
    case answer

    func run(_ bytes: [UInt8]) {
        switch self {
        case .request: HeadFuzz.request(bytes)
        case .response: HeadFuzz.response(bytes)
        case .body: BodyFuzz.run(bytes)
        case .proxy: ProxyHeaderFuzz.run(bytes)
        case .config: DocumentFuzz.config(bytes)
        case .json: DocumentFuzz.json(bytes)
        case .connection: ConnectionFuzz(bytes).run()
        case .admin: AdminFuzz(bytes).run()
        case .answer: AnswerFuzz.run(bytes)
        }
    }
}
