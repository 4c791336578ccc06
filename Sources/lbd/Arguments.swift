import Model

/// What the command line says; it beats the file.
struct Arguments: Equatable {
    var config: String?
    var isCheck = false
    var isDemo = false
    /// Take the place of the instance that has the state directory.
    var isReplacing = false
    /// A file without backends is meant so.
    var allowsEmpty = false
    var listen: [ListenAddress] = []
    var admin: ListenAddress?
    var adminTokenFile: String?
    var adminHosts: [String] = []
    var backends: [BackendURL] = []
    /// Nil when not given; `.some(nil)` is `auto`.
    var workers: Int??
    var io: IOEngine?
    var state: String?
    var accessLog: AccessLogSpec?
    var accessLogFormat: AccessLogFormat?

    /// What to do with a command line.
    enum Reading: Equatable {
        case run(Arguments)
        case version
        case help
        /// What is wrong with it, for standard error; the exit status is 2.
        case refused(String)
    }

    /// The words after the program's name.
    static func read(_ words: [String]) -> Reading {
        var arguments = Arguments()
        var rest = words[...]
        var seen: Set<String> = []
        while let word = rest.popFirst() {
            if word == "--help" || word == "-h" { return .help }
            if word == "--version" { return .version }
            let equals = word.firstIndex(of: "=")
            let name = String(word[..<(equals ?? word.endIndex)])
            guard let flag = Flag(rawValue: name) else { return .refused(unknown(word, name: name)) }
            if !flag.isRepeatable, !seen.insert(name).inserted { return .refused("\(name) is given twice") }
            guard flag.takesValue else {
                if equals != nil { return .refused("\(name) takes no value") }
                _ = arguments.set(flag, to: "")
                continue
            }
            let value: String
            if let equals {
                value = String(word[word.index(after: equals)...])
            } else {
                guard let next = rest.first, !next.hasPrefix("--") else {
                    return .refused("\(name) needs a value: \(name) \(flag.placeholder)")
                }
                value = next
                rest.removeFirst()
            }
            guard !value.isEmpty else { return .refused("\(name) needs a value: \(name) \(flag.placeholder)") }
            if let refusal = arguments.set(flag, to: value) { return .refused(refusal) }
        }
        return arguments.combined()
    }

    private enum Flag: String, CaseIterable {
        case config = "--config"
        case check = "--check"
        case listen = "--listen"
        case admin = "--admin"
        case adminTokenFile = "--admin-token-file"
        case adminHost = "--admin-host"
        case backend = "--backend"
        case workers = "--workers"
        case io = "--io"
        case state = "--state"
        case accessLog = "--access-log"
        case accessLogFormat = "--access-log-format"
        case demo = "--demo"
        case replace = "--replace"
        case allowEmpty = "--allow-empty"

        var isRepeatable: Bool { self == .listen || self == .backend || self == .adminHost }
        var takesValue: Bool { ![.check, .demo, .replace, .allowEmpty].contains(self) }

        var placeholder: String {
            switch self {
            case .config, .adminTokenFile: "FILE"
            case .adminHost: "NAME"
            case .listen, .admin: "ADDR"
            case .backend: "URL"
            case .workers: "N"
            case .io: "auto|io_uring|epoll"
            case .state: "DIR"
            case .accessLog: "PATH|off"
            case .accessLogFormat: "text|json"
            case .check, .demo, .replace, .allowEmpty: ""
            }
        }
    }

    /// Nil when all is well, else what is wrong.
    private mutating func set(_ flag: Flag, to value: String) -> String? {
        switch flag {
        case .config: config = value
        case .state: state = value
        case .check: isCheck = true
        case .demo: isDemo = true
        case .replace: isReplacing = true
        case .allowEmpty: allowsEmpty = true
        case .listen:
            switch Self.address(value, for: flag) {
            case .success(let address): listen.append(address)
            case .failure(let refusal): return refusal.text
            }
        case .admin:
            switch Self.address(value, for: flag) {
            case .success(let address): admin = address
            case .failure(let refusal): return refusal.text
            }
        case .adminTokenFile: adminTokenFile = value
        case .adminHost:
            guard ListenAddress.isHostName(value) else {
                return Self.refused(flag, value, "it must be a host name or an IP address, without a port", nil)
            }
            adminHosts.append(value)
        case .backend:
            do {
                let url = try BackendURL(value)
                if backends.contains(url) { return "--backend \(url) is given twice" }
                backends.append(url)
            } catch {
                return Self.refused(flag, value, error.message, error.suggestion)
            }
        case .workers:
            guard value != "auto" else {
                workers = .some(nil)
                break
            }
            guard let count = Int(value), (1...ProcessSettings.workersMax).contains(count) else {
                return Self.refused(
                    flag,
                    value,
                    "it must be auto (one per core) or a number from 1 to \(ProcessSettings.workersMax)",
                    nil
                )
            }
            workers = count
        case .io:
            guard let engine = IOEngine(rawValue: value) else {
                let known = IOEngine.allCases.map(\.rawValue)
                let message = "it must be one of \(known.joined(separator: ", "))"
                return Self.refused(flag, value, message, Spelling.nearest(value, among: known))
            }
            io = engine
        case .accessLog:
            accessLog = value == "off" ? .off : .path(value)
        case .accessLogFormat:
            guard let format = AccessLogFormat(rawValue: value) else {
                let known = AccessLogFormat.allCases.map(\.rawValue)
                return Self.refused(
                    flag,
                    value,
                    "it must be one of \(known.joined(separator: ", "))",
                    Spelling.nearest(value, among: known)
                )
            }
            accessLogFormat = format
        }
        return nil
    }

    private struct Refusal: Error {
        let text: String
    }

    private static func address(_ text: String, for flag: Flag) -> Result<ListenAddress, Refusal> {
        do {
            return .success(try ListenAddress(reading: text))
        } catch {
            return .failure(Refusal(text: refused(flag, text, error.message, error.suggestion)))
        }
    }

    private static func refused(_ flag: Flag, _ value: String, _ message: String, _ suggestion: String?) -> String {
        let meant = suggestion.map { "\n  try: \(flag.rawValue) \($0)" } ?? ""
        return "\(flag.rawValue) \(value): \(message)\(meant)"
    }

    /// The rules that no flag can judge alone.
    private func combined() -> Reading {
        if isDemo, config != nil || !backends.isEmpty {
            return .refused("--demo brings its own backends: leave out --config and --backend, or --demo")
        }
        if config != nil, !backends.isEmpty {
            return .refused("both the file and --backend declare backends: add those of --backend to the file")
        }
        if config == nil, backends.isEmpty, !isDemo {
            return .refused(isCheck ? "--check needs a file to check: lbd --check --config lb.yaml" : Self.threeWays)
        }
        return .run(self)
    }

    private static func unknown(_ word: String, name: String) -> String {
        guard name.hasPrefix("-") else {
            if word.hasSuffix(".yaml") || word.hasSuffix(".yml") {
                return "\"\(word)\" stands alone\n  try: lbd --config \(word)"
            }
            if word.hasPrefix("http://") { return "\"\(word)\" stands alone\n  try: lbd --backend \(word)" }
            return "\"\(word)\" is no flag; see lbd --help"
        }
        let known = Flag.allCases.map(\.rawValue) + ["--help", "--version"]
        guard let meant = Spelling.nearest(name, among: known) else {
            return "unknown flag \(name); see lbd --help"
        }
        return "unknown flag \(name): did you mean \(meant)?"
    }

    private static let threeWays = """
        nothing to serve. Start it in one of three ways:
          lbd --demo                                three small backends of its own, to look around
          lbd --backend http://127.0.0.1:8080       one or more backends, no file (repeat --backend)
          lbd --config lb.yaml                      a configuration file
        """
}

extension Arguments {
    /// Puts what the flags say in the place of what the file says.
    ///
    /// `stateDirectory` becomes that of `--state` where given, and else stays.
    func apply(to config: inout Config) {
        if !listen.isEmpty { config.process.listeners = listen }
        if let admin { config.process.admin = admin }
        if let adminTokenFile { config.process.adminTokenFile = adminTokenFile }
        config.process.adminHosts += adminHosts
        if let workers { config.process.workers = workers }
        if let io { config.process.io = io }
        if let state { config.process.stateDirectory = state }
        if let accessLog { config.process.accessLog = accessLog }
        if let accessLogFormat { config.process.accessLogFormat = accessLogFormat }
    }

    static let help = """
        lbd - an HTTP load balancer

        USAGE
          lbd --config FILE [flags]          serve what the file declares
          lbd --backend URL... [flags]       serve these backends, without a file
          lbd --demo [flags]                 serve three small built-in backends, to look around
          lbd --check --config FILE          check the file and exit: 0 when it is good, 1 when it is not

        WHAT TO SERVE
          --config FILE       the configuration file, in YAML
          --backend URL       http://HOST:PORT or unix:/PATH; repeat it for more
          --demo              backends demo-1, demo-2 and demo-3 on 127.0.0.1, ports 8080 to 8082 where free

        HOW TO RUN (each beats its line in the file)
          --listen ADDR       where clients connect; repeat it for more           default :80
          --admin ADDR        where lbctl connects                                default 127.0.0.1:9900
          --admin-token-file FILE  who may use the admin API: a line NAME:ROLE:SHA256 each, where ROLE is viewer,
                              operator or admin; needed where other machines reach it
          --admin-host NAME   a further name of this machine that the admin API answers to; repeat it for more
          --workers N         worker threads, 1 to 64, or auto: one per core      default auto
          --io ENGINE         io_uring (Linux 6.1), epoll, or auto: the first     default auto
                              of them that the kernel allows
          --state DIR         where changes made at run time are kept             default: see below
          --access-log PATH   a file, stdout, or off                              default stdout
          --access-log-format F  text or json                                     default text

        OTHER
          --replace           take the place of the lbd that uses the same state directory: its sockets, its state
                              and its admin port; it finishes what it has and ends. No connection is refused
          --allow-empty       take a file that names no backends, at a reload and with --check too; without it that
                              needs "backends: {}" in the file, for a file that was cut off looks the same
          --check             validate everything, say what is wrong with its line, and exit
          --version           print the version and exit
          --help, -h          print this and exit

        ADDR is ADDRESS:PORT ("0.0.0.0:80", "[::1]:8080"), ":PORT" for all addresses of both families, or unix:/PATH.
        Values follow their flag after a space or an equals sign: --workers 4, --workers=4.

        The state directory is $STATE_DIRECTORY, else $XDG_STATE_HOME/lb, else ~/.local/state/lb, else /var/lib/lb for
        root. --demo uses a new temporary directory unless --state is given.

        EXAMPLES
          lbd --backend http://127.0.0.1:8080 --backend http://127.0.0.1:8081 --listen :8000
          lbd --config /etc/lb/lb.yaml --access-log /var/log/lb/access.log
          lbd --check --config lb.yaml && systemctl restart lb

        While it runs: lbctl list, lbctl health, lbctl add backend URL, lbctl remove backend NAME. See lbctl help.

        """
}
