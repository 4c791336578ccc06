import Model

/// What holds for the whole run, from the flags, the environment and the defaults, in this order.
struct Settings: Sendable {
    enum Output: String, CaseIterable, Sendable {
        case table
        case json
    }

    /// One environment variable and what it stands for.
    struct Variable: Sendable {
        let name: String
        let help: String
    }

    static let variables: [Variable] = [
        Variable(name: "LBCTL_ADDR", help: "as --addr; unset: \(AdminAddress.standard)"),
        Variable(name: "LBCTL_OUTPUT", help: "as --output; unset: table"),
        Variable(name: "LBCTL_TIMEOUT", help: "as --timeout; unset: 30s"),
        Variable(name: "NO_COLOR", help: "not empty: as --no-color"),
        Variable(name: "TERM", help: "dumb: no colours"),
    ]

    let address: AdminAddress
    let addressOrigin: AdminAddress.Origin
    let output: Output
    /// Nil is for ever.
    let timeout: TimeSpan?
    let isQuiet: Bool
    let isVerbose: Bool
    let isColoured: Bool

    static let standardTimeout = TimeSpan.seconds(30)

    /// The longest wait the API takes in one request.
    static let waitMax = TimeSpan.seconds(3600)

    /// How long the server is asked to hold the answer of a write; what is wanted beyond is waited for after it.
    var wait: TimeSpan { min(timeout ?? Self.waitMax, Self.waitMax) }

    /// Whether the user waits longer than one request can.
    var outlastsWait: Bool { timeout.map { $0 > Self.waitMax } ?? true }

    /// Reads flags and environment; an empty variable counts as unset.
    init(_ invocation: Invocation, environment: [String: String], isTerminal: Bool) throws(Failure) {
        func setting(_ flag: String, _ variable: String) -> (text: String, origin: String, isFlag: Bool)? {
            if let value = invocation.value(flag) { return (value, "--" + flag, true) }
            if let value = environment[variable], !value.isEmpty { return (value, variable, false) }
            return nil
        }

        if let (text, origin, isFlag) = setting("addr", "LBCTL_ADDR") {
            do {
                address = try AdminAddress(text)
            } catch {
                let failure = Failure(.usage, "\(origin): \"\(text)\" is no address: \(error.message)")
                throw error.suggestion.map { failure.suggesting(isFlag ? "--addr \($0)" : "LBCTL_ADDR=\($0)") }
                    ?? failure
            }
            addressOrigin = isFlag ? .flag : .environment
        } else {
            address = .standard
            addressOrigin = .standard
        }

        if let (text, origin, _) = setting("output", "LBCTL_OUTPUT") {
            guard let known = Output(rawValue: text) else {
                let near = Spelling.nearest(text, among: Output.allCases.map(\.rawValue))
                let failure = Failure(.usage, "\(origin): \"\(text)\" is no form of output; there are table and json")
                throw near.map { failure.suggesting("\($0)   (did you mean that?)") } ?? failure
            }
            output = known
        } else {
            output = .table
        }

        if let (text, origin, _) = setting("timeout", "LBCTL_TIMEOUT") {
            if text == "0" {
                timeout = nil
            } else if let span = TimeSpan(text) {
                timeout = span == .zero ? nil : span
            } else {
                let failure = Failure(.usage, "\(origin): \"\(text)\" is no length of time such as 500ms, 30s or 2m")
                throw Int(text) == nil ? failure : failure.suggesting("\(text)s   if seconds were meant")
            }
        } else {
            timeout = Self.standardTimeout
        }

        isQuiet = invocation.has("quiet")
        isVerbose = invocation.has("verbose")
        isColoured =
            isTerminal && !invocation.has("no-color") && environment["NO_COLOR"] ?? "" == ""
            && environment["TERM"] != "dumb"
    }
}
