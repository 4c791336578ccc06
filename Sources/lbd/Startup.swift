import Model

/// What there is to start, from the command line and the file it names.
enum Startup {
    /// Ready, with what is odd about it.
    case serve(Config, warnings: String)
    /// `--check` found nothing wrong.
    case checked(String)
    /// The reason, for standard error.
    case failed(String)

    /// Why it cannot run when the clock says so many seconds of the UNIX epoch; nil when it can.
    ///
    /// Moments are kept in nanoseconds, whose 64 bits end in April 2262. A clock that says later is wrong.
    static func refusal(ofClockAt seconds: Int) -> String? {
        // A hundred years before that, so that it does not end while this runs.
        let last = Int(Int64.max / 1_000_000_000) - 100 * 366 * 86_400
        guard seconds > last else { return nil }
        return
            "the clock of this machine says that it is the year \(year(at: seconds)), and lbd counts no further than to 2162: set the clock"
    }

    /// The year of a moment of the UNIX epoch that is not before it.
    private static func year(at seconds: Int) -> Int {
        let days = seconds / 86_400
        /// In days since 1 January 1970, before which there were 477 leap days.
        func start(of year: Int) -> Int {
            let past = year - 1
            return 365 * (year - 1970) + past / 4 - past / 100 + past / 400 - 477
        }
        // 400 years have 146,097 days, so that this is the year or one beside it.
        let guess = 1970 + days * 400 / 146_097
        return guess + (days < start(of: guess) ? -1 : days < start(of: guess + 1) ? 0 : 1)
    }

    static func read(_ arguments: Arguments) -> Startup {
        var config = Config()
        var warnings = ""
        if let path = arguments.config {
            let file = ConfigFile(path: path)
            guard let read = file.config else { return .failed(file.report) }
            config = read
            warnings = file.report
        }
        for url in arguments.backends {
            let name = url.defaultName
            // Two sockets of one file name, or a host of more than 64 bytes: only a file can name them.
            guard BackendSpec.isName(name), config.desired.backend(name) == nil else {
                return .failed(
                    "lbd: --backend \(url): a backend without a name is called after its URL, and \"\(name)\" is "
                        + (BackendSpec.isName(name) ? "taken" : "no name") + ": use a file, which can name it\n"
                )
            }
            config.desired.setBackend(name, BackendSpec(url: url))
        }
        arguments.apply(to: &config)
        if config.process.adminTokenFile == nil, let refusal = config.process.admin.adminRefusal {
            return .failed("lbd: --admin \(config.process.admin): \(refusal.message)\n")
        }
        if let text = ConfigFile.emptiness(of: config, name: arguments.config ?? "", arguments) {
            if arguments.isCheck { return .failed(warnings + text) }
            warnings += text
        }
        let own = OwnAddresses(
            listeners: config.process.listeners,
            admin: [config.process.admin],
            isLocal: System.isLocal
        )
        let refusals = own.refusals(of: config.desired)
        guard refusals.isEmpty else {
            let name = arguments.config ?? "lbd"
            return .failed(warnings + refusals.map { "\(name): \($0)\n" }.joined())
        }
        if arguments.isCheck {
            return .checked(warnings + ConfigFile.summary(of: config, name: arguments.config ?? "command line"))
        }
        return located(config, isDemo: arguments.isDemo, warnings: warnings)
    }

    /// With a place for the state.
    private static func located(_ config: Config, isDemo: Bool, warnings: String) -> Startup {
        var config = config
        if config.process.stateDirectory == nil {
            if isDemo {
                do {
                    config.process.stateDirectory = try System.temporaryDirectory(named: "lb-demo")
                } catch {
                    return .failed("lbd: no temporary directory for the demo's state: \(error.text)\n")
                }
            } else {
                guard let path = StateDirectory.standard(isRoot: System.isRoot, variable: System.variable) else {
                    return .failed("lbd: nowhere to keep state: HOME is not set; say --state DIR\n")
                }
                config.process.stateDirectory = path
            }
        }
        return .serve(config, warnings: warnings)
    }
}
