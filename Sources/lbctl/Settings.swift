import Model

/// What holds for the whole run, from the flags, the environment, the context and the defaults, in this order.
struct Settings: Sendable {
    enum Output: String, CaseIterable, Sendable {
        case table
        case wide
        case json
        case ndjson
        case tsv
        case name

        /// Whether people read it.
        var isForPeople: Bool { self == .table || self == .wide }

        static let choices = allCases.map(\.rawValue).joined(separator: "|")
    }

    /// One environment variable and what it stands for.
    struct Variable: Sendable {
        let name: String
        let help: String
    }

    static let variables: [Variable] = [
        Variable(name: "LBCTL_ADDR", help: "as --addr; unset: the context's, else \(AdminAddress.standard)"),
        Variable(name: "LBCTL_CONTEXT", help: "as --context; unset: the current one"),
        Variable(name: "LBCTL_TOKEN", help: "the token itself, for CI; before any file"),
        Variable(name: "LBCTL_TOKEN_FILE", help: "as --token-file"),
        Variable(name: "LBCTL_OUTPUT", help: "as --output; unset: table"),
        Variable(name: "LBCTL_TIMEOUT", help: "as --timeout; unset: 30s"),
        Variable(name: "LBCTL_CONFIG", help: "the file of contexts"),
        Variable(name: "XDG_CONFIG_HOME", help: "has lbctl/config.json and lbctl/token; unset: ~/.config"),
        Variable(name: "HOME", help: "of ~"),
        Variable(name: "NO_COLOR", help: "not empty: as --no-color"),
        Variable(name: "CLICOLOR_FORCE", help: "not empty, not 0: colours into pipes and files too"),
        Variable(name: "TERM", help: "dumb: no colours"),
        Variable(name: "LC_ALL", help: "as LC_CTYPE, and before it"),
        Variable(name: "LC_CTYPE", help: "whether the terminal takes UTF-8"),
        Variable(name: "LANG", help: "as LC_CTYPE, and after it"),
        Variable(name: "VISUAL", help: "the editor of lbctl edit; unset: EDITOR, else vi"),
        Variable(name: "EDITOR", help: "as VISUAL, and after it"),
    ]

    let address: AdminAddress
    let addressOrigin: AdminAddress.Origin
    let token: Token?
    let output: Output
    /// Of `--fields`: which members, in which order; nil is what the output has by itself.
    let fields: [FieldPath]?
    /// Nil is for ever.
    let timeout: TimeSpan?
    /// A connection that is refused is tried again until `timeout` is over.
    let isPatient: Bool
    let isQuiet: Bool
    let isVerbose: Bool
    let isColoured: Bool
    /// Nothing is to be asked before a severe change.
    let isSure: Bool
    let console: Console
    /// Where standard output is a terminal: how wide it is.
    var columns: Int? { console.showsOutput ? console.columns : nil }

    static let standardTimeout = TimeSpan.seconds(30)

    /// The longest wait the API takes in one request.
    static let waitMax = TimeSpan.seconds(3600)

    /// How long the server is asked to hold the answer of a write; what is wanted beyond is waited for after it.
    var wait: TimeSpan { min(timeout ?? Self.waitMax, Self.waitMax) }

    /// Whether the user waits longer than one request can.
    var outlastsWait: Bool { timeout.map { $0 > Self.waitMax } ?? true }

    /// Reads flags, environment and context; an empty variable counts as unset.
    init(_ invocation: Invocation, environment: [String: String], console: Console) throws(Failure) {
        self.console = console
        func setting(_ flag: String, _ variable: String) -> (text: String, origin: String, isFlag: Bool)? {
            if let value = invocation.value(flag) { return (value, "--" + flag, true) }
            if let value = environment[variable], !value.isEmpty { return (value, variable, false) }
            return nil
        }

        let context = try Self.context(setting("context", "LBCTL_CONTEXT"), environment)
        if let (text, origin, isFlag) = setting("addr", "LBCTL_ADDR") {
            address = try Self.address(text, origin) { isFlag ? "--addr \($0)" : "LBCTL_ADDR=\($0)" }
            addressOrigin = isFlag ? .flag : .environment
        } else if let (name, context, path) = context {
            address = try Self.address(context.addr, "the context \"\(name)\" of \(path)") {
                "lbctl context set \(shellQuoted(name)) --addr \($0)"
            }
            addressOrigin = .context(name)
        } else {
            address = .standard
            addressOrigin = .standard
        }
        token = try Self.token(setting("token-file", "LBCTL_TOKEN_FILE"), context?.context, environment)

        if let (text, origin, _) = setting("output", "LBCTL_OUTPUT") {
            guard let known = Output(rawValue: text) else {
                let names = Output.allCases.map(\.rawValue)
                let failure = Failure(
                    .usage,
                    "\(origin): \"\(text)\" is no form of output; there are "
                        + names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
                )
                throw nearestWord(text, among: names).map { failure.suggesting("\($0)   (did you mean that?)") }
                    ?? failure
            }
            output = known
        } else {
            output = .table
        }
        if let text = invocation.value("fields") {
            guard invocation.command.has(fields: invocation.noun) else {
                throw Failure(.usage, "\(invocation.command.name) has no fields to choose from")
                    .suggesting("-o json")
            }
            do {
                fields = try FieldPath.list(text, of: invocation.command.fields(of: invocation.noun))
            } catch {
                throw error.suggesting("lbctl help \(invocation.command.name)   lists them")
            }
        } else {
            fields = nil
        }

        if let (text, origin, _) = setting("timeout", "LBCTL_TIMEOUT") {
            let span = try Self.span(text, origin)
            timeout = span == .zero ? nil : span
        } else {
            timeout = Self.standardTimeout
        }

        isPatient = invocation.has("wait") || invocation.command.name == WaitCommand.command.name
        isQuiet = invocation.has("quiet")
        isVerbose = invocation.has("verbose")
        isSure = invocation.has("yes") || invocation.has("no-input") || !console.canAsk
        let forced = environment["CLICOLOR_FORCE"] ?? ""
        let isWanted = console.showsOutput && environment["TERM"] != "dumb" || !(forced.isEmpty || forced == "0")
        isColoured = isWanted && !invocation.has("no-color") && environment["NO_COLOR"] ?? "" == ""
    }

    /// A length of time as people write it; a bare 0 is zero.
    static func span(_ text: String, _ origin: String) throws(Failure) -> TimeSpan {
        if text == "0" { return .zero }
        if let span = TimeSpan(text) { return span }
        let failure = Failure(.usage, "\(origin): \"\(text)\" is no length of time such as 500ms, 30s or 2m")
        throw Int(text) == nil ? failure : failure.suggesting("\(text)s   if seconds were meant")
    }

    private static func address(
        _ text: String,
        _ origin: String,
        again: (String) -> String
    ) throws(Failure) -> AdminAddress {
        do {
            return try AdminAddress(text)
        } catch {
            let failure = Failure(.usage, "\(origin): \"\(text)\" is no admin address: \(error.message)")
            throw error.suggestion.map { failure.suggesting(again($0)) } ?? failure
        }
    }

    /// The context that was named, else the current one of the file, with its name and the file's.
    private static func context(
        _ named: (text: String, origin: String, isFlag: Bool)?,
        _ environment: [String: String]
    ) throws(Failure) -> (name: String, context: ContextFile.Context, path: String)? {
        guard let path = ContextFile.path(environment) else {
            guard let named else { return nil }
            throw Failure(.usage, "\(named.origin): there is no file of contexts without HOME")
                .suggesting("LBCTL_CONFIG=FILE")
        }
        let file: ContextFile
        do {
            file = try ContextFile(path: path)
        } catch {
            // What is not asked for must not stand in the way.
            guard named != nil else { return nil }
            throw error
        }
        guard let name = named?.text ?? file.current else { return nil }
        if named == nil, file[name] == nil { return nil }
        return (name, try file.required(name, path: path), path)
    }

    private static func token(
        _ named: (text: String, origin: String, isFlag: Bool)?,
        _ context: ContextFile.Context?,
        _ environment: [String: String]
    ) throws(Failure) -> Token? {
        if named?.isFlag != true, let text = environment["LBCTL_TOKEN"], !text.isEmpty {
            guard let token = Token(text, from: .environment) else {
                throw Failure(.usage, "LBCTL_TOKEN holds no token: visible ASCII without spaces")
            }
            return token
        }
        func read(_ path: String, _ origin: String) throws(Failure) -> Token {
            let bytes: [UInt8]
            do {
                bytes = try contents(ofFile: path)
            } catch {
                throw Failure(.usage, "\(origin): \(error.message)")
            }
            guard let token = Token(String(decoding: bytes, as: UTF8.self), from: .file(path)) else {
                throw Failure(.usage, "\(origin): \(path) holds no token: one line of visible ASCII")
                    .suggesting("lbctl token create NAME --out \(shellQuoted(path))")
            }
            return token
        }
        if let named { return try read(named.text, named.origin) }
        if let path = context?.tokenFile { return try read(path, "the context") }
        guard let path = ContextFile.standardTokenPath(environment), permissions(ofFile: path) != nil else {
            return nil
        }
        return try read(path, "the token")
    }
}

/// The candidate that was probably meant; nil when none is close.
func nearestWord(_ word: String, among candidates: [String]) -> String? {
    Spelling.nearest(word, among: candidates)
}
